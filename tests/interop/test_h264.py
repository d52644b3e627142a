"""Rooms in H.264 with encoders and players that nobody here wrote, and the way back to VP8 for who has none."""

import asyncio
import base64
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.media_peer import MediaPeer
from tests.fakes.worker_house import WorkerHouse, worker_house
from tests.interop.test_grants import opened
from tests.loopback.test_media_pool import Ears, arguments, free_port
from tests.pages import chromium
from tests.peers import firefox, gstreamer
from tests.peers.page_peer import blank_page, lines_of
from vwindow.addresses import primary_address
from vwindow.errors import Unavailable
from vwindow.ids import RoomId
from vwindow.media_pool import MediaPool
from vwindow.recording.finisher import finish
from vwindow.recording.journal import JournalRecorder
from vwindow.recording.sealed import SealedReader
from vwindow.sfu.control import AnswerOffer, CloseRoom, OpenRoom, Reply, StartRecording

HOST = primary_address()  # neither libnice nor Firefox has loopback candidates
KEY = bytes(range(32))
ROOM = RoomId("h")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(HOST is None, reason="needs an address besides the loopback"),
]
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
PLAY = """
window.play = async data => {
  const video = document.createElement('video'); video.muted = true;
  video.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))], {type: 'video/mp4'}));
  document.body.append(video);
  await video.play();
  const at = async time => { video.currentTime = time; await new Promise(done => video.onseeked = done); };
  await at(2);
  return {width: video.videoWidth, time: video.currentTime, error: video.error?.message ?? '', ready: video.readyState};
};
true
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    recorder = JournalRecorder(root=tmp_path)
    async with worker_house(tmp_path / "worker.sock", recorder, host=HOST or "") as found:
        await found.client.ask(OpenRoom(room=ROOM, video="h264"))
        yield found


@needs_chromium
async def test_chromium_and_the_kiosk_agents_encoder_and_a_recording_that_plays(
    house: WorkerHouse, tmp_path: Path
) -> None:
    agent, page = MediaPeer("agent", house.client, ROOM), MediaPeer("page", house.client, ROOM)
    try:
        await agent.join()
        await page.join()
        assert "H264/90000" in agent.reply.sdp and "VP8" not in agent.reply.sdp
        order = StartRecording(room=ROOM, recording="rec", path="rec.journal", key_hex=KEY.hex())
        assert not (await house.client.ask(order)).code
        async with blank_page() as url, chromium() as browser:
            tab = await opened(browser, url, "console")
            sdp = await tab.page.evaluate(f"vwindow.offer({json.dumps(lines_of('console'))})")
            reply = await house.client.ask(AnswerOffer(room=ROOM, part="console", sdp=sdp))
            assert not reply.code, reply
            await tab.page.evaluate(f"vwindow.accept({json.dumps(reply.sdp)})")
            tab.slots = {slot.source: slot.mid for slot in reply.slots}
            await page.frames("staff-face", 60)
            await tab.more("kiosk.face", "frames", 60)
            stats = (await tab.stats())["in"][tab.slots["kiosk.face"]]
            assert (stats["codec"], stats["lost"]) == ("video/H264", 0)
            await page.frames("staff-face", 60)
            assert not (await house.client.ask(CloseRoom(room=ROOM))).code
            report = await asyncio.to_thread(finish, [tmp_path / "rec.journal"], tmp_path / "out", KEY)
            print(json.dumps(report["sides"]))
            assert set(report["sides"]) == {"kiosk", "staff"} and not report["unplayable"]
            for side, made in report["sides"].items():
                assert made["file"] == f"{side}.mp4.sealed" and made["frames"] > 60, report
                assert made["lost_frames"] <= 2, report
                with SealedReader(tmp_path / "out" / made["file"], KEY) as reader:
                    data = base64.b64encode(reader.read(0, reader.size)).decode()
                await tab.page.evaluate(PLAY)
                played: dict[str, Any] = await tab.page.evaluate(f"play('{data}')")
                assert (played["error"], played["width"] > 0, played["ready"] >= 2) == ("", True, True), played
                assert played["time"] == pytest.approx(2, abs=0.2)
    finally:
        await agent.close()
        await page.close()


@pytest.mark.skipif(not gstreamer.installed(), reason="needs GStreamer's webrtcbin and OpenH264")
async def test_webrtcbin_as_a_console_in_h264(house: WorkerHouse) -> None:
    agent, page = MediaPeer("agent", house.client, ROOM), MediaPeer("page", house.client, ROOM)
    lines = [(kind, sends, index < 2) for index, (kind, sends) in enumerate(lines_of("console"))]
    try:
        await agent.join()
        await page.join()
        async with gstreamer.Gstreamer(lines, "h264") as peer:
            sdp = await peer.offer()
            reply = await house.client.ask(AnswerOffer(room=ROOM, part="console", sdp=sdp))
            assert not reply.code, (reply, sdp)
            await peer.accept(reply.sdp)
            mids = [row.removeprefix("a=mid:") for row in reply.sdp.split("\r\n") if row.startswith("a=mid:")]
            slots = {slot.source: f"line_{mids.index(slot.mid)}" for slot in reply.slots}
            await page.frames("staff-face", 20)
            await peer.until(**{slots["kiosk.face"]: 20, slots["kiosk.microphone"]: 50})
            assert not peer.errors
    finally:
        await agent.close()
        await page.close()


class PoolDoor:
    """Take the offers of aiortc peers to a pool, as the desk does."""

    def __init__(self, pool: MediaPool) -> None:
        self._pool = pool

    async def ask(self, order: AnswerOffer) -> Reply:
        answer = await self._pool.answer(ROOM, order.part, order.sdp)
        return Reply(id=0, sdp=answer.sdp)


@pytest.mark.skipif(not firefox.installed(), reason="needs firefox-esr")
async def test_firefox_without_h264_pulls_the_room_down_to_vp8_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workers = arguments(tmp_path, free_port())
    workers[0][1] = f"{HOST}:{free_port()}"
    pool, ears = MediaPool(tmp_path, workers, (), tmp_path, "h264"), Ears()
    pool.tell(ears)
    peers: list[MediaPeer] = []

    async def kiosk() -> None:
        for part in ("agent", "page"):
            peers.append(MediaPeer(part, PoolDoor(pool)))  # type: ignore[arg-type]
            await peers[-1].join()

    try:
        await pool.start()
        await pool.open(ROOM, 1)
        await kiosk()
        assert "H264/90000" in peers[0].reply.sdp
        async with blank_page() as url, firefox.Firefox() as fox:
            await fox.go(url)
            sdp = await fox.evaluate(f"vwindow.offer({json.dumps(lines_of('console'))})")
            both = await asyncio.gather(*(pool.answer(ROOM, "console", sdp) for _ in range(2)), return_exceptions=True)
            assert [getattr(each, "code", "") for each in both] == ["worker_lost"] * 2, both
            assert all(isinstance(each, Unavailable) for each in both)
            assert ears.lost == [ROOM], "told once"
            told = [record for record in caplog.records if "begin anew in VP8" in record.getMessage()]
            assert len(told) == 1
            await pool.open(ROOM, 2)
            await kiosk()
            answer = await pool.answer(ROOM, "console", sdp)
            assert "VP8/90000" in answer.sdp and "H264" not in answer.sdp
            await fox.evaluate(f"vwindow.accept({json.dumps(answer.sdp)})")
            face = next(slot.mid for slot in answer.slots if slot.source == "kiosk.face")
            await peers[-1].frames("staff-face", 20)
            end = time.monotonic() + 15
            while True:
                stats = await fox.evaluate("vwindow.stats()")
                if stats["in"].get(face, {}).get("frames", 0) > 20:
                    break
                assert time.monotonic() < end, stats
                await asyncio.sleep(0.1)
            assert ears.lost == [ROOM]
    finally:
        for peer in peers:
            await peer.close()
        await pool.stop()
