"""GStreamer's webrtcbin in a call, as each part: its certificate is RSA, ours is ECDSA."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.media_peer import MediaPeer
from tests.fakes.worker_house import WorkerHouse, worker_house
from tests.peers import gstreamer
from tests.peers.page_peer import lines_of, only
from vwindow.addresses import primary_address
from vwindow.sfu.control import AnswerOffer
from vwindow.sfu.slots import Part

HOST = primary_address()  # libnice has no loopback candidates
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not gstreamer.installed(), reason="needs GStreamer's webrtcbin"),
    pytest.mark.skipif(HOST is None, reason="needs an address besides the loopback"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock", host=HOST or "") as found:
        yield found


async def join(house: WorkerHouse, peer: gstreamer.Gstreamer, part: Part, path: str = "udp") -> dict[str, str]:
    """Take its offer as a part's; return source → m-line of its slots."""
    sdp = await peer.offer()
    reply = await house.client.ask(AnswerOffer(room="r", part=part, sdp=sdp))
    assert not reply.code, (reply, sdp)
    await peer.accept(only(path, reply.sdp))
    await house.event(part, "up")
    mids = [row.removeprefix("a=mid:") for row in reply.sdp.split("\r\n") if row.startswith("a=mid:")]
    return {slot.source: f"line_{mids.index(slot.mid)}" for slot in reply.slots}


def lines(part: Part, feeding: int) -> list[tuple[str, bool, bool]]:
    return [(kind, sends, index < feeding) for index, (kind, sends) in enumerate(lines_of(part))]


@pytest.mark.parametrize("path", ["udp", "tcp"])
async def test_webrtcbin_as_a_console_sees_hears_and_is_seen_and_heard(house: WorkerHouse, path: str) -> None:
    agent, page = MediaPeer("agent", house.client), MediaPeer("page", house.client)
    try:
        await agent.join()
        await page.join()
        async with gstreamer.Gstreamer(lines("console", 2)) as peer:
            slots = await join(house, peer, "console", path)
            await page.frames("staff-face", 20)
            await page.frames("staff-microphone", 50)
            await peer.until(**{slots["kiosk.face"]: 20, slots["kiosk.microphone"]: 50})
            assert peer.state == "connected" and not peer.errors
            assert path == "udp" or (await house.stats())["tcp_connections"]
        stats = await house.stats()
        assert not [name for name in stats if name.startswith("error")], stats
    finally:
        await agent.close()
        await page.close()


async def test_two_webrtcbins_as_a_kiosk(house: WorkerHouse) -> None:
    console = MediaPeer("console", house.client)
    try:
        await console.join()
        async with gstreamer.Gstreamer(lines("agent", 1)) as agent, gstreamer.Gstreamer(lines("page", 1)) as page:
            await asyncio.gather(join(house, agent, "agent"), join(house, page, "page"))
            await console.frames("kiosk-face", 20)
            await console.frames("kiosk-microphone", 50)
            assert not agent.errors and not page.errors
        stats = await house.stats()
        assert not [name for name in stats if name.startswith("error")], stats
    finally:
        await console.close()
