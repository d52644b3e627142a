"""`scripts/bench loss`: what is left of a picture and a voice after a bad network on both legs."""

import argparse
import asyncio
import os
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.bench.direct import blank_page
from tests.bench.narrow import Relay
from tests.fakes.control_client import ControlClient
from tests.pages import chromium
from tests.stack import ROOT, free_port
from vwindow.sfu.control import AnswerOffer, AskStats, OpenRoom
from vwindow.sfu.slots import LINES, Part

WARM_UP = 8.0
SETTLING = 3.0
"""Seconds until everything that is on its way has arrived, and until a picture runs again."""
MARKS = {
    "red": "red/48000",
    "rtx": "rtx/90000",
    "transport-cc": "transport-cc",
    "playout-delay": "rtp-hdrext/playout-delay",
}

# A picture of 640x480 that moves everywhere, and a voice that never pauses.
JOIN = """
async ({lines, picturing, hold}) => {
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  let picture = null, voice = null;
  const stream = new MediaStream();
  if (picturing) {
    const canvas = document.createElement('canvas'); canvas.width = 640; canvas.height = 480;
    const pen = canvas.getContext('2d');
    const draw = () => {
      const now = performance.now() / 1000;
      for (let i = 0; i < 48; i++) {
        pen.fillStyle = `hsl(${(i * 31 + now * 40) % 360} 60% 50%)`;
        const x = (i % 8) * 80 + 30 * Math.sin(now * 2 + i), y = Math.floor(i / 8) * 80 + 30 * Math.cos(now * 1.7 + i);
        pen.fillRect(x, y, 78, 78);
      }
    };
    window.paused = false;
    setInterval(() => { if (!window.paused) draw(); }, 33);
    picture = canvas.captureStream(30).getVideoTracks()[0];
    stream.addTrack(picture);
  }
  const context = new AudioContext(), tone = context.createOscillator(), out = context.createMediaStreamDestination();
  tone.frequency.value = 440; tone.connect(out); tone.start();
  voice = out.stream.getAudioTracks()[0];
  stream.addTrack(voice);
  window.lines = [];
  for (const line of lines) {
    if (!line.sends) { lines_add(peer.addTransceiver(line.kind, {direction: 'recvonly'})); continue; }
    const track = line.kind === 'audio' ? voice : picture;
    if (line.kind === 'video') picture = null;
    const init = {direction: 'sendonly', streams: [stream]};
    if (line.kind === 'video') init.sendEncodings = [{maxBitrate: 1500000, scaleResolutionDownBy: 1}];
    const made = peer.addTransceiver(track ?? line.kind, init);
    if (line.kind === 'video' && track) {
      const parameters = made.sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      await made.sender.setParameters(parameters);
    }
    lines_add(made);
  }
  function lines_add(line) { window.lines.push(line); }
  peer.addEventListener('track', event => {
    const receiver = event.receiver;
    if (event.track.kind === 'video' && 'jitterBufferTarget' in receiver) receiver.jitterBufferTarget = hold;
    const media = document.createElement(event.track.kind); media.autoplay = true; media.playsInline = true;
    media.srcObject = new MediaStream([event.track]); document.body.append(media);
  });
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}
"""

STATS = """
async () => {
  const found = {};
  for (const report of (await peer.getStats()).values()) {
    if (report.type === 'inbound-rtp' && report.packetsReceived > 0) found[`in-${report.kind}-${report.mid}`] = report;
    if (report.type === 'outbound-rtp' && report.packetsSent > 0) found[`out-${report.kind}`] = report;
  }
  return found;
}
"""

# By how many milliseconds the picture that is shown now is newer than the sound that is played now.
LEAD = """
async () => {
  const at = {};
  for (const report of (await peer.getStats()).values())
    if (report.type === 'inbound-rtp' && report.estimatedPlayoutTimestamp) at[report.kind] = report;
  return at.video && at.audio ? [at.video.estimatedPlayoutTimestamp - at.audio.estimatedPlayoutTimestamp] : [];
}
"""


async def join(page: Page, client: ControlClient, part: Part, picturing: bool, given: argparse.Namespace) -> None:
    """Connect a page as a part of the room; `given.without` leaves things out of the offer or the answer."""
    lines = [{"kind": line.kind, "sends": line.sends} for line in LINES[part]]
    sdp = await page.evaluate(JOIN, {"lines": lines, "picturing": picturing, "hold": given.hold})
    for name, mark in MARKS.items():
        if name in given.without:
            sdp = "".join(row for row in sdp.splitlines(True) if mark not in row)
    reply = await client.ask(AnswerOffer(room="r", part=part, sdp=sdp))
    assert not reply.code, reply
    answer = reply.sdp.replace(";useinbandfec=1", "") if "fec" in given.without else reply.sdp
    await page.evaluate("sdp => peer.setRemoteDescription({type: 'answer', sdp})", answer)


async def measure(browser: Browser, client: ControlClient, given: argparse.Namespace) -> dict[str, Any]:
    """Send console to kiosk page, with a voice back, and return what the page made of it.

    Frames are counted between two pauses of the picture, in which all that is on its way arrives: a count of what
    runs would be wrong by what the path holds. Freezes are counted between the pauses.
    """
    await client.ask(OpenRoom(room="r"))
    sender, viewer = await blank_page(browser), await blank_page(browser)
    await join(viewer, client, "page", False, given)
    await join(sender, client, "console", True, given)
    await asyncio.sleep(WARM_UP)
    out, seen = await _still(sender, viewer)
    await sender.evaluate("() => { paused = false; }")
    await asyncio.sleep(SETTLING)
    running = await viewer.evaluate(STATS)
    leads: list[float] = []
    end = asyncio.get_running_loop().time() + given.seconds
    while asyncio.get_running_loop().time() < end:
        await asyncio.sleep(1)
        leads += await viewer.evaluate(LEAD)
    ended = await viewer.evaluate(STATS)
    out_after, seen_after = await _still(sender, viewer)
    (video,) = [key for key in seen_after if key.startswith("in-video")]
    (audio,) = [key for key in seen_after if key.startswith("in-audio")]
    await sender.context.close()
    await viewer.context.close()
    return {
        "sent": _change(out["out-video"], out_after["out-video"]),
        "arrived": _change(seen[video], seen_after[video]),
        "voice sent": _change(out["out-audio"], out_after["out-audio"]),
        "picture": _change(running[video], ended[video]),
        "voice": _change(running[audio], ended[audio]),
        "size": f"{seen_after[video].get('frameWidth')}x{seen_after[video].get('frameHeight')}",
        "lead": statistics.mean(leads) if leads else 0.0,
    }


async def _still(sender: Page, viewer: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let the picture pause until all of it has arrived, and return both sides' figures."""
    await sender.evaluate("() => { paused = true; }")
    await asyncio.sleep(SETTLING)
    out: dict[str, Any] = await sender.evaluate(STATS)
    seen: dict[str, Any] = await viewer.evaluate(STATS)
    return out, seen


def _change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, float]:
    return {
        name: value - before.get(name, 0)
        for name, value in after.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def show(found: dict[str, Any], seconds: float) -> None:
    """Print one run."""
    sent, picture, voice, talk = found["sent"], found["picture"], found["voice"], found["voice sent"]
    encoded, decoded = sent["framesEncoded"], found["arrived"]["framesDecoded"]
    minutes = seconds / 60
    concealed = voice["concealedSamples"] - voice.get("silentConcealedSamples", 0)
    print(
        f"  picture {found['size']}: {encoded:.0f} frames sent, {decoded:.0f} decoded, "
        f"missing {100 * max(0.0, encoded - decoded) / max(1, encoded):.2f} %; "
        f"frozen {picture['totalFreezesDuration'] / minutes:.2f} s/min in {picture['freezeCount'] / minutes:.1f}; "
        f"{8 * picture['bytesReceived'] / seconds / 1000:.0f} kbit/s; "
        f"repaired {picture.get('retransmittedPacketsReceived', 0):.0f}, asked {picture['nackCount']:.0f}, "
        f"keyframes asked {picture['pliCount']:.0f}; buffer {_buffer(picture):.0f} ms"
    )
    print(
        f"  voice: concealed {100 * concealed / max(1, voice['totalSamplesReceived']):.2f} % of samples in "
        f"{voice['concealmentEvents'] / minutes:.0f} events/min; {8 * talk['bytesSent'] / seconds / 1000:.0f} kbit/s; "
        f"packets lost {voice['packetsLost']:.0f} of {voice['packetsReceived'] + voice['packetsLost']:.0f}; "
        f"by error correction {voice.get('fecPacketsReceived', 0):.0f}; "
        f"buffer {_buffer(voice):.0f} ms; picture before sound {found['lead']:.0f} ms"
    )


def _buffer(track: dict[str, float]) -> float:
    """Return the milliseconds that a frame or sample waited on average."""
    return 1000 * track["jitterBufferDelay"] / max(1, track["jitterBufferEmittedCount"])


async def bench(given: argparse.Namespace) -> None:
    """Start a worker behind a bad network and measure."""
    port = free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "worker.sock"
        script = (
            "import asyncio, sys; from tests.fakes.recorder import FakeRecorder; "
            "from vwindow.sfu.worker import run_worker; "
            "asyncio.run(run_worker(sys.argv[1], [('127.0.0.1', int(sys.argv[2]))], FakeRecorder(), ['127.0.0.2']))"
        )
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(path), str(port), cwd=ROOT)
        relay = Relay("127.0.0.2", port, ("127.0.0.1", port), given.loss / 100, given.delay / 1000, given.kbps * 1000)
        try:
            while not path.exists():
                await asyncio.sleep(0.05)
            client = await ControlClient.connect(path)
            print(
                f"{os.cpu_count()} cores; each leg each way: {given.loss} % lost, {given.delay} ms, "
                f"{given.kbps or 'any'} kbit/s with a queue of 200 ms; without: {', '.join(given.without) or 'nothing'}"
            )
            for run in range(given.runs):
                load = os.getloadavg()[0]
                async with chromium() as browser:
                    found = await measure(browser, client, given)
                print(f"run {run + 1}, load {load:.2f} → {os.getloadavg()[0]:.2f}")
                show(found, given.seconds)
            stats = (await client.ask(AskStats())).stats
            print(
                "  worker:", {name: value for name, value in stats.items() if name.startswith("error")} or "no errors"
            )
            await client.close()
        finally:
            relay.close()
            worker.terminate()
            await worker.wait()


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="scripts/bench loss")
    parser.add_argument("--loss", type=float, default=5.0, help="percent, each leg, each way")
    parser.add_argument("--delay", type=float, default=60.0, help="milliseconds, each leg, each way")
    parser.add_argument("--kbps", type=float, default=5000.0, help="0 for any")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without", action="append", default=[], choices=["fec", *MARKS])
    parser.add_argument("--hold", type=float, default=0.0, help="milliseconds by which the viewer holds pictures back")
    asyncio.run(bench(parser.parse_args()))


if __name__ == "__main__":
    main()
