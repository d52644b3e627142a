"""The kiosk page with what goes wrong in a hall: no camera, double taps, visitors who walk away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.pages import NO_CAMERA, ask, choose, console_page, kiosk_page, phase, tap, until
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


async def screen(page: Page, wanted: str) -> None:
    """Wait until the kiosk draws a page."""
    await page.wait_for_selector(f'[data-testid="phase"][data-screen="{wanted}"]', state="attached")


async def double_tap(page: Page, testid: str, gap: float = 0.15) -> None:
    """Touch the same place twice, as shaky fingers do, and let the page come to rest."""
    await page.wait_for_selector(".shield", state="detached")
    box = await page.locator(f'[data-testid="{testid}"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.click(x, y)
    await asyncio.sleep(gap)
    await page.mouse.click(x, y)
    await page.wait_for_selector(".shield", state="detached")


async def test_a_double_tap_presses_one_button(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    await double_tap(kiosk, "start")
    await screen(kiosk, "city")
    await double_tap(kiosk, "city-jiaxing")
    await screen(kiosk, "item")
    await double_tap(kiosk, "item-1")
    await screen(kiosk, "check")
    await tap(kiosk, "consent-yes")
    await double_tap(kiosk, "call")
    await phase(kiosk, "waiting")
    await double_tap(kiosk, "hang-up")
    await phase(kiosk, "ended")
    await screen(kiosk, "ended")


async def quiet(page: Page, seconds: float) -> None:
    """Let the page's clock jump as if nobody had touched it for so long."""
    await page.evaluate(f"(() => {{ const now = Date.now; Date.now = () => now() + {seconds * 1000}; }})()")


async def test_the_question_of_silence_takes_both_answers(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    await choose(kiosk, "jiaxing", 1)
    await tap(kiosk, "help")
    await quiet(kiosk, 61)
    await tap(kiosk, "more-time")
    await kiosk.wait_for_selector("dialog", state="detached")
    await screen(kiosk, "check")
    await quiet(kiosk, 61)
    await tap(kiosk, "no-more-time")
    await screen(kiosk, "idle")
    await kiosk.wait_for_selector("dialog", state="detached")
    # Nothing of the first visitor is left for the next.
    await choose(kiosk, "jiaxing", 1)
    assert await kiosk.get_attribute('[data-testid="consent-yes"]', "aria-pressed") == "false"


async def test_a_slow_microphone_calls_for_nobody_else(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    await choose(kiosk, "jiaxing", 1)
    await kiosk.evaluate(
        """() => {
          const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = wanted => new Promise(resolve => {
            window.giveMicrophone = async () => {
              const stream = await real(wanted);
              window.given = stream.getTracks()[0];
              resolve(stream);
            };
          });
        }"""
    )
    await tap(kiosk, "consent-yes")
    await tap(kiosk, "call")
    await tap(kiosk, "home")
    await screen(kiosk, "idle")
    await kiosk.evaluate("giveMicrophone()")
    await until(kiosk, "window.given.readyState === 'ended'")
    await choose(kiosk, "jiaxing", 1)
    assert await kiosk.get_attribute('[data-testid="phase"]', "data-phase") == "none"


async def test_the_page_of_an_agent_that_was_started_anew_comes_back(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    light = '[data-testid="link-light"][data-up="true"]'
    await kiosk.wait_for_selector(light)
    assert stack.agent is not None
    stack.agent.terminate()
    await stack.agent.wait()
    await kiosk.wait_for_selector('[data-testid="link-light"][data-up="false"]')
    await stack.start_agent()
    await kiosk.wait_for_selector(light)


async def test_a_visitor_who_walks_away_while_waiting_is_not_called_for_ever(stack: Stack, browser: Browser) -> None:
    await stack.start_server()
    await stack.start_agent()
    kiosk = await kiosk_page(browser, stack)
    await ask(kiosk, "jiaxing", 1)
    await kiosk.wait_for_selector('[data-testid="wait-on"]')
    await quiet(kiosk, 61)
    await kiosk.wait_for_selector('[data-testid="more-time"]')
    await quiet(kiosk, 31)
    await screen(kiosk, "idle")
    await ask(kiosk, "jiaxing", 1)
    await phase(kiosk, "waiting")
    assert await kiosk.query_selector('[data-testid="notice"]') is None
