"""Two Chromium pages in a call through a path that becomes narrow, narrower and wide again."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.bench.narrow import Relay
from tests.fakes.worker_house import WorkerHouse, worker_house
from tests.pages import chromium
from tests.peers.page_peer import blank_page, lines_of
from vwindow.sfu.control import AnswerOffer, Grant, TargetsChanged
from vwindow.sfu.slots import Part

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
]
AROUND = "127.0.0.2"

# A face of 640x480 that moves, a screen of 1280x720 on which a form is filled in, a voice that never pauses.
JOIN = """
async ([lines, sends]) => {
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const painted = (width, height, rate, draw) => {
    const canvas = document.createElement('canvas'); canvas.width = width; canvas.height = height;
    const pen = canvas.getContext('2d'); let n = 0;
    draw(pen, n); setInterval(() => draw(pen, ++n), 1000 / rate);
    return canvas.captureStream(rate).getVideoTracks()[0];
  };
  const face = (pen, n) => {
    for (let i = 0; i < 48; i++) {
      pen.fillStyle = `hsl(${(i * 31 + n) % 360} 60% 50%)`;
      const x = (i % 8) * 80 + 20 * Math.sin(n / 15 + i), y = Math.floor(i / 8) * 80 + 20 * Math.cos(n / 18 + i);
      pen.fillRect(x, y, 78, 78);
    }
  };
  const screen = (pen, n) => {
    pen.fillStyle = '#fff'; pen.fillRect(0, 0, 1280, 720); pen.fillStyle = '#111'; pen.font = '20px sans-serif';
    for (let i = 0; i < 15; i++) pen.fillText(`${i} 营业执照 Business licence`, 40, 48 * i + 20);
    for (let i = 0; i < 15; i++) pen.fillText(`${Math.floor((n + i) / 15) * 7919}`, 640, 48 * i + 20);
  };
  const context = new AudioContext(), tone = context.createOscillator(), out = context.createMediaStreamDestination();
  tone.frequency.value = 440; tone.connect(out); tone.start();
  const tracks = sends ? [out.stream.getAudioTracks()[0], painted(640, 480, 30, face), painted(1280, 720, 10, screen)]
                       : [out.stream.getAudioTracks()[0]];
  window.senders = [];
  for (const [kind, sending] of lines) {
    const track = sending ? tracks.shift() : null;
    const made = peer.addTransceiver(track ?? kind, {direction: sending ? 'sendonly' : 'recvonly'});
    if (!sending) continue;
    window.senders.push(made.sender);
    if (kind === 'video') {
      const parameters = made.sender.getParameters();
      parameters.degradationPreference = window.senders.length === 2 ? 'maintain-framerate' : 'maintain-resolution';
      await made.sender.setParameters(parameters);
    }
  }
  peer.addEventListener('track', event => {
    const media = document.createElement(event.track.kind); media.autoplay = true; media.muted = true;
    media.srcObject = new MediaStream([event.track]); document.body.append(media);
  });
  await peer.setLocalDescription();
  return peer.localDescription.sdp;
}
"""
SHARE = """
async ([face, screen]) => {
  for (const [at, bits] of [[1, face], [2, screen]]) {
    const parameters = senders[at].getParameters();
    if (parameters.encodings[0].maxBitrate === bits) continue;
    parameters.encodings[0].maxBitrate = bits;
    await senders[at].setParameters(parameters);
  }
}
"""
STATS = """
async () => [...(await peer.getStats()).values()]
  .filter(each => each.type === 'inbound-rtp' && each.packetsReceived > 0)
"""


class Scene:
    """The console's page, which sends, and the kiosk's, which is shown it."""

    def __init__(self, house: WorkerHouse, console: Page, page: Page, slots: dict[str, str]) -> None:
        self.house = house
        self.console = console
        self.page = page
        self._slots = slots
        self._taken = 0

    async def share(self) -> None:
        """Do as the console's page does when it is told what its pictures may have."""
        events = [event for event in self.house.client.events if isinstance(event, TargetsChanged)]
        if len(events) > self._taken:
            self._taken = len(events)
            targets = events[-1].targets
            await self.console.evaluate(SHARE, [targets["staff.face"], targets["staff.screen"]])

    async def seen(self) -> dict[str, dict[str, Any]]:
        """Return what the kiosk's page says of each source."""
        return {self._slots[each["mid"]]: each for each in await self.page.evaluate(STATS)}

    async def watch(self, seconds: float) -> list[dict[str, float]]:
        """Let time pass; return the figures of each second."""
        rows = []
        before, at = await self.seen(), time.monotonic()
        for _ in range(round(seconds)):
            await asyncio.sleep(1)
            await self.share()
            now = await self.seen()
            passed, at = time.monotonic() - at, time.monotonic()
            rows.append(_row(before, now, passed))
            before = now
        return rows


def _row(before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]], passed: float) -> dict[str, float]:
    def change(source: str, name: str) -> float:
        return float(now.get(source, {}).get(name, 0) - before.get(source, {}).get(name, 0))

    concealed = change("staff.microphone", "concealedSamples") - change("staff.microphone", "silentConcealedSamples")
    return {
        "face": 8 * change("staff.face", "bytesReceived") / passed / 1000,
        "screen": 8 * change("staff.screen", "bytesReceived") / passed / 1000,
        "face_frames": change("staff.face", "framesDecoded"),
        "screen_frames": change("staff.screen", "framesDecoded"),
        "width": now.get("staff.screen", {}).get("frameWidth", 0),
        "face_width": now.get("staff.face", {}).get("frameWidth", 0),
        "concealed": concealed,
        "samples": change("staff.microphone", "totalSamplesReceived"),
    }


def show(name: str, rows: list[dict[str, float]]) -> None:
    """Print what each second brought."""
    print(name)
    for row in rows:
        print("  " + ", ".join(f"{key} {value:.0f}" for key, value in row.items()))


def mean(rows: list[dict[str, float]], name: str) -> float:
    return sum(row[name] for row in rows) / len(rows)


async def joined(house: WorkerHouse, tab: Page, part: Part, *, sends: bool) -> dict[str, str]:
    """Connect a page; return the source of each of its slots."""
    sdp = await tab.evaluate(JOIN, [lines_of(part), sends])
    reply = await house.client.ask(AnswerOffer(room="r", part=part, sdp=sdp))
    assert not reply.code, reply
    await tab.evaluate(f"peer.setRemoteDescription({{type: 'answer', sdp: {json.dumps(reply.sdp)}}})")
    await house.event(part, "up")
    return {slot.mid: slot.source for slot in reply.slots}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock", announce=AROUND) as found:
        yield found


async def test_a_voice_and_a_screen_survive_what_a_face_gives_way_to(house: WorkerHouse) -> None:
    relay = Relay(AROUND, house.port, ("127.0.0.1", house.port), 0.0, 0.02, 0.0)
    try:
        await house.client.ask(Grant(room="r", source="staff.screen", on=True))
        async with blank_page() as url, chromium() as browser:
            tabs = [await (await browser.new_context()).new_page() for _ in range(2)]
            for tab in tabs:
                await tab.goto(url)
            slots = await joined(house, tabs[1], "page", sends=False)
            await joined(house, tabs[0], "console", sends=True)
            scene = Scene(house, tabs[0], tabs[1], slots)
            free = await scene.watch(7)
            relay.limit(600_000)
            narrow = await scene.watch(9)
            relay.limit(250_000)
            narrower = await scene.watch(9)
            relay.limit(0)
            again = await scene.watch(14)
    finally:
        relay.close()
    for name, rows in {"free": free, "600": narrow, "250": narrower, "free again": again}.items():
        show(name, rows)
    every = free + narrow + narrower + again
    concealed = sum(row["concealed"] for row in every[3:]) / sum(row["samples"] for row in every[3:])
    print(f"concealed {100 * concealed:.2f} %")
    assert concealed < 0.03
    assert {row["width"] for row in every[4:]} == {1280}, "text keeps its size"
    assert mean(narrow[3:] + narrower + again, "screen_frames") > 3, "and goes on"
    full = mean(free[-3:], "face")
    assert mean(narrow[3:], "face") < 0.5 * full, "the face gives way"
    assert mean(narrower[3:], "face") < 0.2 * full
    assert sum(row["face_frames"] > 20 for row in again) >= 2, "and comes back"
    assert mean(again, "face") > mean(narrower[3:], "face")
