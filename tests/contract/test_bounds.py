"""What a worker holds for peers that mean ill: bounded, and given back."""

import asyncio
import gc
import tracemalloc
from pathlib import Path

import pylibsrtp
import pytest
from OpenSSL import SSL

from tests.fakes.clock import FakeClock
from tests.fakes.offers import offer
from tests.fakes.raw_peer import RawPeer, credentials
from tests.fakes.recorder import FakeRecorder
from tests.fakes.worker_house import worker_house
from vwindow.rtp import rtcp
from vwindow.sfu import control
from vwindow.sfu.peer import GONE_AFTER, MAX_SSRCS, Peer
from vwindow.sfu.rooms import Rooms
from vwindow.sfu.slots import Part
from vwindow.sfu.transport import Transport

PARTS: tuple[Part, ...] = ("page", "agent", "console")
HALF_OPEN = 1000
CHECKED = 60
"""Of them: those that open a path and then never end DTLS."""


async def ask(rooms: Rooms, order: control.Order) -> control.Reply:
    return await rooms.perform(control.Request(id=1, order=order))


async def half_open(rooms: Rooms, count: int) -> None:
    """Make offers that never connect, in rooms that stay."""
    port = rooms.addresses[0][1]
    for number in range(count):
        room, part = f"room-{number // 3}", PARTS[number % 3]
        if number % 3 == 0:
            await ask(rooms, control.OpenRoom(room=room))
        reply = await ask(rooms, control.AnswerOffer(room=room, part=part, sdp=offer(part)))
        assert not reply.code
        if number < CHECKED:
            peer = RawPeer(port)
            peer.username, peer.password = credentials(reply.sdp)
            assert await peer.check()
            if number % 2:
                peer.send(peer.hello())
            peer.close()


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(found, kind) for found in gc.get_objects())


async def test_a_thousand_half_open_peers_expire_and_their_memory_returns() -> None:
    clock = FakeClock()
    events: list[control.Event] = []
    rooms = Rooms([("127.0.0.1", 0)], FakeRecorder(), events.append, clock)
    rooms.start()
    sockets = alive(SSL.Connection)
    left: list[int] = []
    tracemalloc.start()
    try:
        for count in (2 * CHECKED, HALF_OPEN):
            await half_open(rooms, count)
            assert rooms.stats()["peers"] == count
            clock.advance(GONE_AFTER + 1)
            for phase in range(10):
                rooms.tick(phase)
            async with asyncio.timeout(20):
                while len(asyncio.all_tasks()) > 1:  # those that end the peers
                    await asyncio.sleep(0.01)
            assert alive(Peer) == 0
            assert rooms.stats()["peers"] == 0
            assert alive(Transport) == 0
            assert alive(SSL.Connection) <= sockets
            assert len(rooms._around.book) == 0
            assert not rooms._around.book.owners[0]
            assert len(events) == count  # each was told as gone
            events.clear()
            left.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        await rooms.close()
    rooms_kept = 3_000 * (HALF_OPEN - 2 * CHECKED) // 3  # bytes; the rooms are the server's and stay
    assert left[1] - left[0] < 100_000 + rooms_kept, left


async def test_the_same_part_offering_again_and_again_holds_one_peer() -> None:
    rooms = Rooms([("127.0.0.1", 0)], FakeRecorder(), lambda event: None, FakeClock())
    rooms.start()
    try:
        await ask(rooms, control.OpenRoom(room="r"))
        for _ in range(300):
            await ask(rooms, control.AnswerOffer(room="r", part="page", sdp=offer("page")))
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while alive(Peer) > 1:
                await asyncio.sleep(0.01)
        assert len(rooms._around.book) == 1
    finally:
        await rooms.close()


async def test_a_hundred_thousand_senders_under_good_keys_leave_sixteen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Transport] = []
    real = Transport.connect

    async def watched(self: Transport) -> None:
        made.append(self)
        await real(self)

    monkeypatch.setattr(Transport, "connect", watched)
    async with worker_house(tmp_path / "worker.sock") as house:
        page = await house.connected("page")
        assert page._keys is not None
        sender = page._keys[0]
        first = 50_000
        for number in range(100_000):
            ssrc = first + number
            if number % 2:
                page.send(page.rtp(ssrc, 1, b"voice", payload_type=111))
            else:
                page.send(page.rtcp(rtcp.receiver_report(ssrc, ())))
            sender.remove_stream(ssrc)  # or our own session would grow
            if number % 40 == 0:
                await asyncio.sleep(0)
        stats = await house.stats()
        assert stats["unrouted"] > 90_000  # the kernel may drop a few
        receiving = made[0]._dtls._rx_srtp
        known = 0
        for number in range(100_000):
            try:
                receiving.remove_stream(first + number)
                known += 1
            except pylibsrtp.Error:
                continue
        assert 0 < known <= MAX_SSRCS
        assert await page.check(), "the peer is still served"
        assert not [name for name in stats if name.startswith("error")]
