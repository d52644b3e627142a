"""The kiosk page with what goes wrong in a hall: no camera, double taps, visitors who walk away."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.pages import NO_CAMERA, ask, chromium, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
STAFF = "jiaxing-a"
# The samples that the page's own element plays, not those that only arrive.
LISTEN = """
(() => {
  const video = document.querySelector('[data-testid="remote-video"]');
  if (!video || video.paused || video.readyState < 2) return false;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(video.captureStream()).connect(analyser);
  window.loudness = () => {
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
  return true;
})()
"""


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    house = Stack(tmp_path)
    try:
        yield house
    finally:
        await house.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


async def answered(browser: Browser, stack: Stack) -> tuple[Page, Page]:
    """Return kiosk and console in a call."""
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await console.wait_for_selector('[data-testid="ring-card"]')
    await tap(console, "answer")
    return kiosk, console


async def test_a_kiosk_without_a_camera_is_heard(stack: Stack, browser: Browser) -> None:
    stack.camera = "absent"
    kiosk, console = await answered(browser, stack)
    await phase(kiosk, "talking")
    await phase(console, "talking")
    for page in (kiosk, console):
        await until(page, LISTEN)
        await until(page, "loudness() > 0.005")


async def test_staff_without_a_camera_are_heard(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF, camera=NO_CAMERA)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await console.wait_for_selector('[data-testid="ring-card"]')
    await tap(console, "answer")
    await phase(kiosk, "talking")
    await until(kiosk, LISTEN)
    await until(kiosk, "loudness() > 0.005")
    await kiosk.wait_for_selector('[data-testid="no-picture"]', timeout=6000)
    assert "正在接通" not in await kiosk.inner_text('[data-testid="phase"]')
