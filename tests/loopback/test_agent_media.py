"""The face camera over a real connection: to a plain aiortc peer, and through a whole agent."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices import registry
from devices.face_camera import timecode
from devices.face_camera.port import FaceCamera
from kiosk_agent.agent import Agent
from kiosk_agent.enrol import enrol
from kiosk_agent.media import CameraTrack, MediaConnection, MediaError
from kiosk_agent.settings import Settings
from signaling import wire
from tests.fakes.answering_peer import AnsweringPeer
from tests.fakes.kiosk_server import LIMIT, FakeKioskServer, call, kiosk_server, mirror


@pytest.fixture
async def camera() -> AsyncIterator[FaceCamera]:
    made = registry.face_camera("simulated:320x240@30")
    made.start(lambda _: None)
    yield made
    await made.close()


@pytest.fixture
async def peer() -> AsyncIterator[AnsweringPeer]:
    made = AnsweringPeer()
    yield made
    await made.close()


async def connected(connection: MediaConnection, changed: asyncio.Event) -> None:
    async with asyncio.timeout(LIMIT):
        while connection.state != "connected":
            await changed.wait()
            changed.clear()


async def test_pictures_arrive_with_a_readable_time(camera: FaceCamera, peer: AnsweringPeer) -> None:
    changed = asyncio.Event()
    connection = MediaConnection(camera.feed(), changed.set, loopback=True)
    try:
        await connection.answer(await peer.answer(await connection.offer()))
        await connected(connection, changed)
        await peer.pictures(20)
        assert peer.pixels is not None and peer.width == 320
        value = timecode.read(peer.pixels, peer.width)
        assert value is not None
        assert (int(time.time() * 1000) - value) % timecode.MODULUS < 2000
        assert await connection.received() > 0
    finally:
        await connection.close()
    assert connection.state == "closed"


async def test_a_strangers_datagrams_do_not_end_a_connection(camera: FaceCamera, peer: AnsweringPeer) -> None:
    changed = asyncio.Event()
    connection = MediaConnection(camera.feed(), changed.set, loopback=True)
    try:
        offer = await connection.offer()
        port = next(
            int(line.split()[5]) for line in offer.splitlines() if " 127.0.0.1 " in line and "candidate" in line
        )
        await connection.answer(await peer.answer(offer))
        await connected(connection, changed)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for data in (b"", b"\x16\xfe\xfd" + bytes(60), b"\x80" * 40, bytes(3)):
                stranger.sendto(data, ("127.0.0.1", port))
        await peer.pictures(peer.frames + 10)
        assert connection.state == "connected"
    finally:
        await connection.close()


@pytest.mark.parametrize("answer", ["", "v=0", "hello\r\n", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 97\r\n"])
async def test_an_answer_that_is_none_is_said(answer: str, camera: FaceCamera) -> None:
    connection = MediaConnection(camera.feed(), lambda: None, loopback=True)
    try:
        await connection.offer()
        with pytest.raises(MediaError):
            await connection.answer(answer)
    finally:
        await connection.close()


async def test_times_of_frames_only_rise(camera: FaceCamera) -> None:
    track = CameraTrack(camera.feed())
    async with asyncio.timeout(LIMIT):
        frames = [await track.recv() for _ in range(10)]
    times = [frame.pts for frame in frames]
    assert times[0] == 0 and times == sorted(set(times)) and 80_000 > times[-1] > 20_000
    track.stop()


class Worker:
    """Answer every offer of an agent through the fake server."""

    def __init__(self, server: FakeKioskServer) -> None:
        self.server = server
        self.peers: list[AnsweringPeer] = []
        self._offered = asyncio.Condition()
        server.on_offer = self.offered

    async def peer(self, number: int) -> AnsweringPeer:
        """Wait for the peer of the offer with that number, from 0."""
        async with asyncio.timeout(LIMIT), self._offered:
            await self._offered.wait_for(lambda: len(self.peers) > number)
        return self.peers[number]

    async def offered(self, offer: wire.MediaOffer) -> None:
        peer = AnsweringPeer()
        async with self._offered:
            self.peers.append(peer)
            self._offered.notify_all()
        sdp = await peer.answer(offer.sdp)
        await self.server.tell("media.answer", wire.MediaAnswer(call=offer.call, part="agent", sdp=sdp, slots=[]))


async def test_the_picture_is_sent_while_the_call_lasts(tmp_path: Path) -> None:
    async with kiosk_server() as server:
        worker = Worker(server)
        settings = Settings(data_dir=tmp_path, port=0, camera="simulated:320x240@30", browser=False)
        await enrol(server.url, f"{server.code}.plain", tmp_path)
        agent = Agent(settings)
        await agent.start()
        try:
            await server.until("kiosk.hello")
            await server.tell("call.changed", call("ringing"))
            await server.tell("call.changed", call("connecting"))
            offer = (await server.until("media.offer"))[0]
            assert (offer.call, offer.part) == ("call-1", "agent")
            first = await worker.peer(0)
            await first.pictures(5)
            await server.tell("call.changed", call("talking"))
            # The worker ends the connection: a new one is made.
            await first.close()
            second = await worker.peer(1)
            await second.pictures(5)
            assert agent.describe()["media"] == "sending"
            # A link that comes back with the same call changes nothing.
            server.mirror = mirror(call("talking"))
            await server.drop()
            await server.until("kiosk.hello", 2)
            await second.pictures(second.frames + 5)
            assert len(worker.peers) == 2
            await server.tell("call.changed", call("ended", reason="staff_hung_up"))
            async with asyncio.timeout(LIMIT):
                while agent.describe()["media"] != "off" or second.peer.connectionState != "closed":
                    await asyncio.sleep(0.01)
        finally:
            await agent.close()
            for peer in worker.peers:
                await peer.close()


async def test_a_stopped_agent_is_gone_within_two_seconds(tmp_path: Path) -> None:
    async with kiosk_server() as server:
        worker = Worker(server)
        await enrol(server.url, f"{server.code}.plain", tmp_path)
        agent = Agent(Settings(data_dir=tmp_path, port=0, camera="simulated", browser=False))
        await agent.start()
        await server.until("kiosk.hello")
        await server.tell("call.changed", call("talking"))
        peer = await worker.peer(0)
        await peer.pictures(3)
        started = time.monotonic()
        await agent.close()
        assert time.monotonic() - started < 2
        await peer.close()
