"""The peer of the comparison: the same pictures sent directly, without a media worker between."""

import asyncio
import base64
from typing import Any

from playwright.async_api import Browser, Page

from devices.registry import face_camera
from kiosk_agent.media import MediaConnection
from tests.pages import CAMERA, TIME_CODE

ANSWER = """
async sdp => {
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const video = document.createElement('video');
  video.autoplay = video.muted = video.playsInline = true;
  document.body.append(video);
  const gathered = new Promise(done => peer.addEventListener('icegatheringstatechange',
    () => peer.iceGatheringState === 'complete' && done()));
  peer.addEventListener('track', event => {
    if ('jitterBufferTarget' in event.receiver) event.receiver.jitterBufferTarget = 0;
    if (!video.srcObject) video.srcObject = new MediaStream([event.track]);
  });
  await peer.setRemoteDescription({type: 'offer', sdp});
  await peer.setLocalDescription();
  await gathered;
  return peer.localDescription.sdp;
}
"""

OFFER = """
async () => {
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const stream = await navigator.mediaDevices.getUserMedia({video: true});
  const gathered = new Promise(done => peer.addEventListener('icegatheringstatechange',
    () => peer.iceGatheringState === 'complete' && done()));
  const t = peer.addTransceiver(stream.getVideoTracks()[0],
    {direction: 'sendonly', streams: [stream], sendEncodings: [{maxBitrate: 1500000}]});
  t.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs
    .filter(c => ['video/vp8', 'video/rtx'].includes(c.mimeType.toLowerCase())));
  await peer.setLocalDescription();
  const parameters = t.sender.getParameters();
  parameters.degradationPreference = 'maintain-framerate';
  await t.sender.setParameters(parameters);
  await gathered;
  return peer.localDescription.sdp;
}
"""
WARM_UP = 6.0


async def _page(browser: Browser, *scripts: str) -> Page:
    context = await browser.new_context()
    await context.grant_permissions(["camera", "microphone"])
    page = await context.new_page()
    for script in scripts:
        await page.add_init_script(script)
    body = base64.b64encode(b"<!doctype html><title>direct</title><body>").decode()
    # A page of a secure origin, served by nobody.
    await page.route(
        "http://127.0.0.1:1/**", lambda route: route.fulfill(body=base64.b64decode(body), content_type="text/html")
    )
    await page.goto("http://127.0.0.1:1/")
    return page


def _candidates_everywhere(sdp: str) -> str:
    """Repeat the candidates in each section: aiortc takes those of the last one of a bundle."""
    head, *sections = sdp.split("\r\nm=")
    found = [line for line in sections[0].splitlines() if line.startswith("a=candidate") and " udp " in line]
    bare = ["\r\n".join(x for x in part.splitlines() if not x.startswith("a=candidate")) for part in sections]
    return "\r\nm=".join([head, *("\r\n".join([part, *found, "a=end-of-candidates"]) for part in bare)]) + "\r\n"


async def direct_agent(browser: Browser, watch: str, seconds: float) -> dict[str, Any]:
    """Send the agent's camera with the agent's encoder straight to a page."""
    page = await _page(browser, TIME_CODE)
    camera = face_camera("simulated")
    camera.start(lambda health: None)
    connection = MediaConnection(camera.feed(), lambda: None, loopback=True)
    try:
        await connection.answer(_candidates_everywhere(await page.evaluate(ANSWER, await connection.offer())))
        await page.wait_for_function("document.querySelector('video')?.videoWidth > 0", timeout=15_000)
        await asyncio.sleep(WARM_UP)
        found: dict[str, Any] = await page.evaluate(watch, seconds)
        return found
    finally:
        await connection.close()
        await camera.close()
        await page.context.close()


async def direct_console(browser: Browser, watch: str, seconds: float) -> dict[str, Any]:
    """Send the console's camera with Chromium's encoder straight to another page."""
    sender, receiver = await _page(browser, TIME_CODE, CAMERA), await _page(browser, TIME_CODE)
    try:
        answer = await receiver.evaluate(ANSWER, await sender.evaluate(OFFER))
        await sender.evaluate("sdp => peer.setRemoteDescription({type: 'answer', sdp})", answer)
        await receiver.wait_for_function("document.querySelector('video')?.videoWidth > 0", timeout=15_000)
        await asyncio.sleep(WARM_UP)
        found: dict[str, Any] = await receiver.evaluate(watch, seconds)
        return found
    finally:
        await sender.context.close()
        await receiver.context.close()
