"""A whole call between two real Chromium pages, through the real house, and what is left of it."""

import asyncio
import io
import time
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Browser, Page

from tests.pages import ask, choose, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
STAFF = "jiaxing-a"


async def talk(kiosk: Page, console: Page) -> None:
    """Answer the ring and wait for picture and sound on both sides."""
    await console.wait_for_selector('[data-testid="ring-card"]')
    await phase(kiosk, "ringing")
    await tap(console, "answer")
    await phase(kiosk, "talking")
    await phase(console, "talking")
    for page in (kiosk, console):
        await until(page, "frames().then(n => n > 30)")
        await until(page, "ears().then(e => e > 0.0001)")


async def finished(console: Page, stack: Stack, call: str) -> dict[str, Any]:
    """Return the call's row once its recording is ready."""
    end = time.monotonic() + 40
    while True:
        response = await console.request.get(f"{stack.url}/api/calls")
        rows = await response.json()
        row: dict[str, Any] = next(entry for entry in rows if entry["call"] == call)
        if row["recording"]["state"] in ("ready", "failed"):
            return row
        assert time.monotonic() < end, row
        await asyncio.sleep(0.2)


def heard_and_seen(data: bytes) -> tuple[int, float, float]:
    """Return decoded frames, loudest sample and duration in seconds of a WebM."""
    frames, loudest, end = 0, 0.0, 0.0
    with av.open(io.BytesIO(data)) as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                frames += 1
            elif isinstance(frame, av.AudioFrame):
                loudest = max(loudest, float(np.abs(frame.to_ndarray()).max()))
            end = max(end, frame.time or 0.0)
    return frames, loudest, end


async def media(console: Page, stack: Stack, recording: str, side: str) -> bytes:
    response = await console.request.get(f"{stack.url}/api/recordings/{recording}/media?side={side}")
    assert response.status == 200, await response.text()
    return await response.body()


async def test_a_visitor_calls_staff_answer_and_the_recording_plays(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await talk(kiosk, console)
    began = time.monotonic()
    call = await kiosk.get_attribute('[data-testid="phase"]', "data-call")
    assert call
    # The visitor sees the time code of nobody; the staff member sees the kiosk's.
    assert await until(console, """timeCode.age(document.querySelector('[data-testid="remote-video"]'))""") < 1500
    light = console.locator('[data-testid="recording-light"][data-state="writing"]')
    await light.wait_for(timeout=6000)
    await asyncio.sleep(max(0.0, 6.0 - (time.monotonic() - began)))
    await tap(kiosk, "hang-up")
    await phase(kiosk, "ended")
    await phase(console, "ended")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    await tap(kiosk, "rate-5")

    row = await finished(console, stack, call)
    assert row["recording"]["state"] == "ready"
    assert row["reason"] == "visitor_hung_up" and row["outcome"] == "answered"
    lasted = _time(row["ended_at"]) - _time(row["answered_at"])
    assert abs(row["recording"]["duration"] - lasted) < 0.5, (row, lasted)
    for side in ("kiosk", "staff"):
        frames, loudest, end = heard_and_seen(await media(console, stack, row["recording"]["recording"], side))
        assert frames > 60, side
        assert loudest > 0.01, side
        assert abs(end - lasted) < 0.7, (side, end, lasted)

    await tap(console, "past-calls")
    await tap(console, f"play-{call}")
    for side in ("kiosk", "staff"):
        await until(console, f"""(document.querySelector('[data-testid="player-{side}"]')?.readyState ?? 0) >= 2""")


def _time(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


async def test_declining_the_recording_gives_a_call_without_one(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await choose(kiosk, "jiaxing", 1)
    await tap(kiosk, "consent-no")
    await tap(kiosk, "call")
    await talk(kiosk, console)
    call = await kiosk.get_attribute('[data-testid="phase"]', "data-call")
    light = await console.get_attribute('[data-testid="recording-light"]', "data-state")
    assert light == "declined"
    await tap(console, "hang-up")
    await phase(kiosk, "ended")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    response = await console.request.get(f"{stack.url}/api/calls")
    row = next(entry for entry in (await response.json()) if entry["call"] == call)
    assert row["recording"]["state"] == "none"
    assert not list((stack.folder / "recordings").rglob("*.journal"))


async def test_nobody_answers_and_the_visitor_is_offered_a_choice(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await console.wait_for_selector('[data-testid="ring-card"]')
    await console.keyboard.press("Escape")
    await tap(console, "decline")
    await phase(kiosk, "waiting")
    await kiosk.wait_for_selector('[data-testid="callback"]')
    await kiosk.wait_for_selector('[data-testid="wait-on"]')
    await tap(kiosk, "hang-up")
    await phase(kiosk, "ended")


async def test_a_reload_on_either_side_returns_to_the_call(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await talk(kiosk, console)
    for page in (kiosk, console):
        await page.reload()
        await phase(page, "talking")
        for other in (kiosk, console):
            before = await other.evaluate("frames()")
            await until(other, f"frames().then(n => n > {before} + 20 || (n > 20 && n < {before}))")
    await tap(console, "hang-up")
    await phase(kiosk, "ended")
