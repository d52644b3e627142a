"""The console with what goes wrong at a desk: keys that mean something else, rings that interrupt, a page anew."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.looks import faults, shot
from tests.pages import ask, console_page, fill, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
STAFF = "jiaxing-a"


async def rings(console: Page) -> None:
    await console.wait_for_selector('[data-testid="ring-card"]')


async def hung_up(kiosk: Page, console: Page) -> None:
    """Have the visitor leave while it rings; both sides are as before."""
    await tap(kiosk, "hang-up")
    await console.wait_for_selector('[data-testid="ring-card"]', state="detached")
    await phase(console, "ready")
    await home(kiosk)


async def home(kiosk: Page) -> None:
    """Leave the page of a call that has ended."""
    await phase(kiosk, "ended")
    await kiosk.click('[data-testid="depart"], [data-testid="rate-5"]')
    await tap(kiosk, "home-now")


async def test_keys_mean_what_has_the_focus(stack: Stack, browser: Browser) -> None:
    kiosk, console = await kiosk_page(browser, stack), await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await console.get_by_role("tab", name="事项查询").click()
    await console.click('[data-testid="lookup"] input, input[data-testid="lookup"]')
    await console.keyboard.type("gong")
    await ask(kiosk)
    await rings(console)
    # The ring takes neither cursor nor words of somebody who is looking something up.
    await console.keyboard.type("si")
    field = console.locator('[data-testid="lookup"] input, input[data-testid="lookup"]').first
    assert await field.input_value() == "gongsi"
    await console.keyboard.press("Enter")
    await phase(console, "ringing")
    assert await console.locator('[data-testid="sign-out"]').is_disabled()
    # Enter on "decline" opens the reasons, Enter on "back" leads back: neither answers.
    await console.focus('[data-testid="decline"]')
    await console.keyboard.press("Enter")
    await console.wait_for_selector('[data-testid="decline-other"]')
    await console.get_by_role("button", name="返回").focus()
    await console.keyboard.press("Enter")
    await console.wait_for_selector('[data-testid="answer"]')
    await phase(console, "ringing")
    await console.evaluate("document.activeElement?.blur()")
    await console.keyboard.press("Enter")
    await phase(console, "talking", 20_000)
    assert await console.locator('[data-testid="sign-out"]').is_disabled()
    await tap(console, "hang-up")
    # What is half written when the page is loaded anew is still there.
    await tap(console, "outcome-filed")
    await fill(console, "note", "材料已收")
    await console.reload()
    await phase(console, "ended")
    note = console.locator('[data-testid="note"] textarea, textarea[data-testid="note"]').first
    assert await note.input_value() == "材料已收"
    await tap(console, "save-outcome")
    await phase(console, "ready")
    assert await console.evaluate("sessionStorage.getItem('vwindow.outcome')") is None


async def test_a_ring_leaves_the_player_as_it_is(stack: Stack, browser: Browser) -> None:
    kiosk, console = await kiosk_page(browser, stack), await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk)
    await rings(console)
    await console.keyboard.press("Enter")
    await phase(console, "talking", 20_000)
    await console.wait_for_timeout(3000)
    await tap(console, "hang-up")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    await home(kiosk)
    await console.click('[data-testid^="play-"]', timeout=30_000)
    await console.wait_for_selector('[data-testid="player"]')
    await until(console, "document.querySelector('[data-testid=\"player-kiosk\"]')?.readyState >= 2")
    await console.keyboard.press("Space")
    await until(console, "!document.querySelector('[data-testid=\"player-kiosk\"]').paused")
    await ask(kiosk)
    await rings(console)
    await until(console, "document.querySelector('[data-testid=\"player-kiosk\"]').paused")
    await hung_up(kiosk, console)
    assert await console.locator('[data-testid="player"]').is_visible()
    # Space on a control presses it.
    await console.focus('[data-testid="player-back"]')
    await console.keyboard.press("Space")
    await console.wait_for_selector('[data-testid="past-calls"]')


async def test_call_back_requests_are_masked_until_they_are_asked_for(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    kiosk, console = await kiosk_page(browser, stack), await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk)
    await rings(console)
    await tap(console, "decline")
    await tap(console, "decline-other")
    await tap(kiosk, "callback")
    await tap(kiosk, "honorific-guest")
    for digit in "13900001234":
        await tap(kiosk, f"digit-{digit}")
    await tap(kiosk, "callback-send")
    row = console.locator('[data-testid="callbacks"] li')
    # Read anew when the state of the console changes.
    await tap(console, "break")
    await row.wait_for()
    assert "*******1234" in await row.inner_text() and "13900001234" not in await row.inner_text()
    await shot(console, tmp_path / "shots", "callbacks-masked")
    await row.locator('[data-testid^="reveal-"]').click()
    await row.get_by_text("13900001234").wait_for()
    assert await faults(console, touch=False) == []
    await shot(console, tmp_path / "shots", "callbacks-revealed")
    await console.set_viewport_size({"width": 1366, "height": 768})
    await shot(console, tmp_path / "shots", "callbacks-small")
    assert await faults(console, touch=False) == []
