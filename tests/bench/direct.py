"""The peer of the comparison: the same pictures sent directly, without a media worker between."""

import asyncio
import base64
from typing import Any

from playwright.async_api import Browser, Page

from devices.registry import face_camera
from kiosk_agent.media import MediaConnection
from tests.pages import CAMERA, TIME_CODE, until

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

# Console and kiosk page, one connection between them: microphones both ways, the console's face one way.
OFFER = """
async () => {
  const peer = window.call = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
  const gathered = new Promise(done => peer.addEventListener('icegatheringstatechange',
    () => peer.iceGatheringState === 'complete' && done()));
  peer.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendrecv', streams: [stream]});
  const t = peer.addTransceiver(stream.getVideoTracks()[0],
    {direction: 'sendonly', streams: [stream], sendEncodings: [{maxBitrate: 1500000}]});
  t.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs
    .filter(c => ['video/vp8', 'video/rtx'].includes(c.mimeType.toLowerCase())));
  const audio = document.createElement('audio'); audio.autoplay = true; document.body.append(audio);
  peer.addEventListener('track', event => { audio.srcObject = new MediaStream([event.track]); });
  await peer.setLocalDescription();
  const parameters = t.sender.getParameters();
  parameters.degradationPreference = 'maintain-framerate';
  await t.sender.setParameters(parameters);
  await gathered;
  return peer.localDescription.sdp;
}
"""

PICK_UP = """
async sdp => {
  const peer = window.call = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const video = document.createElement('video');
  video.autoplay = video.playsInline = true;
  document.body.append(video);
  const stream = await navigator.mediaDevices.getUserMedia({audio: true});
  const gathered = new Promise(done => peer.addEventListener('icegatheringstatechange',
    () => peer.iceGatheringState === 'complete' && done()));
  const heard = new MediaStream();
  peer.addEventListener('track', event => {
    if (event.track.kind === 'video' && 'jitterBufferTarget' in event.receiver) event.receiver.jitterBufferTarget = 0;
    heard.addTrack(event.track);
    video.srcObject = heard;
  });
  await peer.setRemoteDescription({type: 'offer', sdp});
  const line = peer.getTransceivers().find(t => t.receiver.track.kind === 'audio');
  line.direction = 'sendrecv';
  await line.sender.replaceTrack(stream.getAudioTracks()[0]);
  await peer.setLocalDescription();
  await gathered;
  return peer.localDescription.sdp;
}
"""
WARM_UP = 6.0


async def blank_page(browser: Browser, *scripts: str) -> Page:
    """Open an empty page of a secure origin."""
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


async def direct_call(browser: Browser, watch: str, seconds: float) -> dict[str, dict[str, Any]]:
    """Hold a call without a worker: the agent's face straight to the console, the pages straight to each other."""
    console, kiosk = await blank_page(browser, TIME_CODE, CAMERA), await blank_page(browser, TIME_CODE)
    camera = face_camera("simulated")
    camera.start(lambda health: None)
    connection = MediaConnection(camera.feed(), lambda: None, loopback=True)
    try:
        answer = await kiosk.evaluate(PICK_UP, await console.evaluate(OFFER))
        await console.evaluate("sdp => call.setRemoteDescription({type: 'answer', sdp})", answer)
        await connection.answer(_candidates_everywhere(await console.evaluate(ANSWER, await connection.offer())))
        for page in (console, kiosk):
            await until(page, "document.querySelector('video')?.videoWidth > 0")
        await asyncio.sleep(WARM_UP)
        return {
            "kiosk → console, direct": await console.evaluate(watch, seconds),
            "console → kiosk, direct": await kiosk.evaluate(watch, seconds),
        }
    finally:
        await connection.close()
        await camera.close()
        await console.context.close()
        await kiosk.context.close()
