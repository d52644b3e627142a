"""A real call in which both sides suspend the recording for a secret, and what is left of it."""

import asyncio
import io
from typing import Any

import av
import pytest
from playwright.async_api import Browser, Page

from tests.browser.test_call import STAFF, finished, media, talk
from tests.browser.test_kill import KEEP_PEER, NEW_PICTURE
from tests.pages import ask, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack
from vwindow.recording.voice import LONG_SILENCE, SILENCE

pytestmark = pytest.mark.browser
LIGHT, LINE = "recording-light", "recording"
FILLED = (SILENCE, LONG_SILENCE)
SECRET_SECONDS = 2.5
"""Longer than the 2 s without packets that are noted as a gap."""


async def shows(page: Page, testid: str, state: str) -> None:
    await page.wait_for_selector(f'[data-testid="{testid}"][data-state="{state}"]', timeout=6000)


def packet_times(data: bytes) -> dict[str, list[float]]:
    """Return when packets that somebody sent are played, in seconds of the recording: not the silence between."""
    times: dict[str, list[float]] = {"audio": [], "video": []}
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None and bytes(packet) not in FILLED:
                times[packet.stream.type].append(float(packet.pts * packet.time_base))
    return times


async def test_what_is_said_while_it_is_suspended_is_kept_nowhere(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await talk(kiosk, console)
    await shows(console, LIGHT, "writing")
    await shows(kiosk, LINE, "writing")
    call = await kiosk.get_attribute('[data-testid="phase"]', "data-call")
    assert call
    await asyncio.sleep(1)  # something before it, to be told from it

    await console.keyboard.press("F7")
    await shows(console, LIGHT, "paused")
    await shows(kiosk, LINE, "paused")
    assert "工作人员" in await kiosk.inner_text(f'[data-testid="{LINE}"]')
    await asyncio.sleep(1)
    # The visitor holds it as well: the staff member's "go on" is not enough then.
    await tap(kiosk, "suspend-recording")
    await kiosk.wait_for_selector('[data-testid="suspend-recording"][aria-pressed="true"]')
    await console.keyboard.press("F7")
    await console.wait_for_selector('[data-testid="suspend-recording"][aria-pressed="false"]')
    await asyncio.sleep(SECRET_SECONDS - 1)
    await shows(console, LIGHT, "paused")
    assert "来访人" in await console.inner_text(f'[data-testid="{LIGHT}"]')
    await tap(kiosk, "suspend-recording")
    await shows(console, LIGHT, "writing")
    await shows(kiosk, LINE, "writing")
    await asyncio.sleep(3)  # something after it
    await tap(kiosk, "hang-up")
    await phase(console, "ended")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")

    row = await finished(console, stack, call)
    assert row["recording"]["state"] == "ready"
    recording = row["recording"]["recording"]
    facts: dict[str, Any] = await (await console.request.get(f"{stack.url}/api/recordings/{recording}")).json()
    (pause,) = facts["pauses"]
    assert pause["to"] - pause["from"] > SECRET_SECONDS
    assert {(gap["why"], gap["source"]) for gap in facts["gaps"]} >= {("pause", "kiosk.face"), ("pause", "staff.face")}
    for side in ("kiosk", "staff"):
        for kind, times in packet_times(await media(console, stack, recording, side)).items():
            inside = [at for at in times if pause["from"] + 0.15 < at < pause["to"]]
            assert not inside, (side, kind, pause, inside[:3])
            assert any(at < pause["from"] for at in times), (side, kind)
            back = min(at for at in times if at >= pause["to"])
            assert back - pause["to"] < (0.5 if kind == "audio" else 2.5), (side, kind, pause, back)

    await tap(console, "past-calls")
    await tap(console, f"play-{call}")
    mark = console.locator('[data-testid="player-marks"] li[data-why="pause"]')
    await mark.wait_for()
    assert "暂停" in await mark.inner_text()
    for side in ("kiosk", "staff"):
        await until(console, f"""(document.querySelector('[data-testid="player-{side}"]')?.readyState ?? 0) >= 2""")
    assert await console.get_attribute('[data-testid="tile-kiosk"]', "data-main") == "true"
    await tap(console, "enlarge-staff")
    await console.wait_for_selector('[data-testid="tile-staff"][data-main="true"]')
    middle = (pause["from"] + pause["to"]) / 2
    for video in ("kiosk", "staff"):
        script = f"""document.querySelector('[data-testid="player-{video}"]').currentTime = {middle}"""
        await console.evaluate(script)
    await console.wait_for_selector('[data-testid="tile-staff"] p >> text=没有保存')


async def test_a_reload_a_lost_worker_and_a_lost_server_keep_it_suspended(stack: Stack, browser: Browser) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF)
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await talk(kiosk, console)
    await shows(console, LIGHT, "writing")
    call = await kiosk.get_attribute('[data-testid="phase"]', "data-call")
    assert call
    await tap(kiosk, "suspend-recording")
    await shows(kiosk, LINE, "paused")
    await kiosk.reload()
    await shows(kiosk, LINE, "paused")
    await kiosk.wait_for_selector('[data-testid="suspend-recording"][aria-pressed="true"]')
    for page in (kiosk, console):
        await page.evaluate(KEEP_PEER)
    stack.kill_worker()
    for page in (kiosk, console):
        await until(page, NEW_PICTURE)
    await shows(console, LIGHT, "paused")
    await phase(kiosk, "talking")
    await stack.kill_server()
    await tap(kiosk, "suspend-recording")
    await kiosk.wait_for_selector('[data-testid="notice"][data-code="link_down"]')  # said, and to be tried again
    await stack.start_server(accounts=False)
    # Until then both pages show what they were told last.
    await kiosk.wait_for_selector('[data-testid="link-back"]', timeout=20_000)
    await shows(console, LIGHT, "paused")
    await kiosk.wait_for_selector('[data-testid="suspend-recording"][aria-pressed="true"]', timeout=20_000)
    await tap(kiosk, "suspend-recording")
    await shows(console, LIGHT, "writing")
    await asyncio.sleep(2)
    await tap(kiosk, "hang-up")
    await phase(console, "ended")
    row = await finished(console, stack, call)
    facts: dict[str, Any] = await (
        await console.request.get(f"{stack.url}/api/recordings/{row['recording']['recording']}")
    ).json()
    assert len(facts["parts"]) == 2, facts
    # What the first part noted of its pause may have gone with its worker: up to a second of a journal does.
    assert abs(facts["pauses"][-1]["from"] - facts["parts"][1]["from"]) < 0.1, "suspended from its beginning"
    assert facts["pauses"][-1]["to"] < facts["parts"][1]["to"], "gone on with"
