"""A call in H.264 through the real house, its recording in the console's player, and a console that has no H.264."""

import asyncio

import pytest
from playwright.async_api import Browser

from tests.browser.test_call import STAFF, finished, heard_and_seen, media, talk
from tests.pages import CAMERA, ask, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
SETTINGS = {"VWINDOW_VIDEO_CODEC": "h264"}
NO_H264 = """
(() => {
  const all = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
  RTCRtpReceiver.getCapabilities = kind => ({codecs: all(kind).codecs.filter(c => !/h264/i.test(c.mimeType))});
})();
"""
CODECS = """(async () => {
  const found = new Set(), all = [...(await window.vwindowPeer.getStats()).values()];
  const used = row => /bound-rtp$/.test(row.type) && row.kind === 'video' && (row.framesDecoded || row.framesSent);
  for (const row of all.filter(used)) found.add(all.find(each => each.id === row.codecId)?.mimeType);
  return [...found].sort();
})()"""


@pytest.mark.parametrize("console_has_it", [True, False])
async def test_a_call_begins_in_h264_and_goes_on_in_vp8_for_who_has_none(
    stack: Stack, browser: Browser, console_has_it: bool
) -> None:
    kiosk = await kiosk_page(browser, stack)
    console = await console_page(browser, stack, STAFF, camera=CAMERA + ("" if console_has_it else NO_H264))
    await tap(console, "ready")
    await ask(kiosk, "jiaxing", 1)
    await talk(kiosk, console)
    call = await kiosk.get_attribute('[data-testid="phase"]', "data-call")
    assert call
    await console.locator('[data-testid="recording-light"][data-state="writing"]').wait_for(timeout=8000)
    for page in (kiosk, console):
        assert await page.evaluate(CODECS) == ["video/H264" if console_has_it else "video/VP8"]
    anew = stack.log("server").count("begin anew in VP8")
    assert anew == (0 if console_has_it else 1), stack.log("server")
    await asyncio.sleep(4)
    await tap(console, "hang-up")
    await phase(kiosk, "ended")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    row = await finished(console, stack, call)
    assert row["recording"]["state"] == "ready", row
    for side in ("kiosk", "staff"):
        data = await media(console, stack, row["recording"]["recording"], side)
        assert (data[4:8] == b"ftyp") is console_has_it, side
        frames, loudest, _ = heard_and_seen(data)
        assert frames > 60 and loudest > 0.01, side
    await tap(console, "past-calls")
    await tap(console, f"play-{call}")
    for side in ("kiosk", "staff"):
        await until(console, f"""(document.querySelector('[data-testid="player-{side}"]')?.readyState ?? 0) >= 2""")
