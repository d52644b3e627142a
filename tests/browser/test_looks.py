"""Every page in both sizes, in large type and high contrast: pictures for people, faults for the machine."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.looks import faults, shot
from tests.pages import DESKTOP, PORTRAIT, choose, console_page, fill, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
SETTINGS = {"VWINDOW_RECORDING_REMINDER_SECONDS": "5"}
SMALL_DESKTOP = {"width": 1366, "height": 768}
OFFLINE_ITEM = 62
STAFF = "jiaxing-a"


class Album:
    """Takes the pictures of one pass through the pages and remembers what is wrong."""

    def __init__(self, folder: Path, name: str, *, touch: bool) -> None:
        self._folder = folder
        self._name = name
        self._touch = touch
        self.wrong: list[str] = []

    async def take(self, page: Page, what: str) -> None:
        await page.wait_for_timeout(250)  # the 200 ms that a page may move
        await shot(page, self._folder / "shots", f"{self._name}-{what}")
        self.wrong += [f"{self._name} {what}: {fault}" for fault in await faults(page, touch=self._touch)]


KIOSK_LOOKS = {
    "portrait": (PORTRAIT, ()),
    "landscape": (DESKTOP, ()),
    "portrait-large": (PORTRAIT, ("large",)),
    "landscape-large-contrast": (DESKTOP, ("large", "contrast")),
}


@pytest.mark.parametrize("look", sorted(KIOSK_LOOKS))
async def test_the_kiosk_page(stack: Stack, browser: Browser, tmp_path: Path, look: str) -> None:
    size, switches = KIOSK_LOOKS[look]
    kiosk = await kiosk_page(browser, stack, size)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    for switch in switches:
        await tap(kiosk, switch)
    album = Album(tmp_path, f"kiosk-{look}", touch=True)
    await album.take(kiosk, "1-idle")
    await tap(kiosk, "start")
    await album.take(kiosk, "2-city")
    await tap(kiosk, "city-jiaxing")
    await album.take(kiosk, "3-item")
    await tap(kiosk, "search")
    for letter in "gjj":
        await kiosk.keyboard.press(letter)
    await album.take(kiosk, "4-search")
    await tap(kiosk, "home")
    await choose(kiosk, "jiaxing", 1)
    await album.take(kiosk, "5-check")
    await tap(kiosk, "consent-yes")
    await tap(kiosk, "call")
    await phase(kiosk, "ringing")
    await album.take(kiosk, "6-ringing")
    await console.wait_for_selector('[data-testid="ring-card"]')
    await tap(console, "decline")
    await console.keyboard.press("Enter")
    await phase(kiosk, "waiting")
    await kiosk.wait_for_selector('[data-testid="wait-on"]')
    await album.take(kiosk, "7-choice")
    await tap(kiosk, "callback")
    await album.take(kiosk, "8-callback")
    await tap(kiosk, "callback-back")
    await tap(kiosk, "hang-up")
    await phase(kiosk, "ended")
    await album.take(kiosk, "9-left")
    await tap(kiosk, "depart")
    await tap(kiosk, "home-now")
    await choose(kiosk, "jiaxing", 1)
    await tap(kiosk, "consent-yes")
    await tap(kiosk, "call")
    await console.wait_for_selector('[data-testid="ring-card"]')
    await tap(console, "answer")
    await phase(kiosk, "talking")
    await until(kiosk, "frames().then(n => n > 20)")
    await album.take(kiosk, "10-talking")
    await tap(kiosk, "suspend-recording")
    await kiosk.wait_for_selector('[data-testid="recording"][data-state="paused"]')
    await album.take(kiosk, "10-talking-suspended")
    await tap(console, "hang-up")
    await phase(kiosk, "ended")
    await album.take(kiosk, "11-ended")
    await tap(kiosk, "rate-5")
    await album.take(kiosk, "12-wiped")
    assert not album.wrong, "\n".join(album.wrong)


async def test_an_item_that_needs_the_offline_window(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    kiosk = await kiosk_page(browser, stack)
    album = Album(tmp_path, "kiosk-portrait", touch=True)
    await tap(kiosk, "start")
    await tap(kiosk, "city-jiaxing")
    await tap(kiosk, "search")
    for letter in str(OFFLINE_ITEM):
        await kiosk.keyboard.press(letter)
    await tap(kiosk, f"item-{OFFLINE_ITEM}")
    await album.take(kiosk, "13-offline-window")
    assert await kiosk.locator('[data-testid="call"]').count() == 0
    assert "0573-5550101" in await kiosk.inner_text("body")
    assert not album.wrong, "\n".join(album.wrong)


@pytest.mark.parametrize(("name", "size"), [("wide", DESKTOP), ("small", SMALL_DESKTOP)])
async def test_the_console(stack: Stack, browser: Browser, tmp_path: Path, name: str, size: dict[str, int]) -> None:
    album = Album(tmp_path, f"console-{name}", touch=False)
    blank = await (await browser.new_context(viewport=size)).new_page()  # type: ignore[arg-type]
    await blank.goto(stack.console_url)
    await blank.wait_for_selector('[data-testid="sign-in"]')
    await album.take(blank, "1-sign-in")
    console = await console_page(browser, stack, STAFF, size)
    await album.take(console, "2-off")
    await tap(console, "ready")
    await album.take(console, "3-ready")
    kiosk = await kiosk_page(browser, stack)
    await choose(kiosk, "jiaxing", 1)
    await tap(kiosk, "consent-yes")
    await tap(kiosk, "call")
    await console.wait_for_selector('[data-testid="ring-card"]')
    await album.take(console, "4-ring")
    await tap(console, "answer")
    await phase(console, "talking")
    await console.wait_for_selector('[data-testid="recording-light"][data-state="writing"]')
    await until(console, "frames().then(n => n > 20)")
    await album.take(console, "5-talking")
    await tap(kiosk, "suspend-recording")
    await console.wait_for_selector('[data-testid="recording-light"][data-state="paused"]')
    await tap(console, "suspend-recording")
    await console.wait_for_selector('[data-testid="suspended-long"]', timeout=8000)
    await album.take(console, "5-talking-suspended")
    await tap(kiosk, "hang-up")
    await phase(console, "ended")
    await album.take(console, "6-outcome")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    await tap(console, "past-calls")
    call = await console.get_attribute('[data-testid^="play-"], [data-testid="past-calls"]', "data-testid")
    assert call
    await album.take(console, "7-past-calls")
    await console.locator('[data-testid^="play-"]').first.click(timeout=30_000)
    await console.wait_for_selector('[data-testid="player-marks"]')
    await album.take(console, "7-player")
    page = await (await browser.new_context(viewport=size)).new_page()  # type: ignore[arg-type]
    await page.goto(stack.console_url)
    await fill(page, "name", "admin")
    await fill(page, "password", stack.accounts["admin"])
    await tap(page, "sign-in")
    await page.wait_for_selector('[data-testid="kiosks"]')
    await album.take(page, "8-admin")
    assert not album.wrong, "\n".join(album.wrong)
