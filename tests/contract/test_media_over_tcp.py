"""Media over one TCP connection: RFC 6544 as the passive side, frames of RFC 4571, bounded and never cut."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.raw_peer import RawTcpPeer
from tests.fakes.worker_house import AGENT_FACE, KEYFRAME, Call, WorkerHouse, worker_house
from vwindow.ice.book import Address
from vwindow.rtp import rtcp
from vwindow.sfu.counters import Counters
from vwindow.sfu.ports import LocalPort
from vwindow.sfu.tcp import MAX_FRAME, MAX_STRANGERS, PATIENCE, TcpPort


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock") as found:
        yield found


async def over_tcp(house: WorkerHouse) -> Call:
    """Return a call whose both ends use TCP."""
    agent, console = await house.dialled(), await house.dialled()
    await agent.connect(house.client, "agent")
    await console.connect(house.client, "console")
    await house.event("agent", "up")
    await house.event("console", "up")
    return Call(agent, console)


async def test_a_call_over_tcp(house: WorkerHouse) -> None:
    call = await over_tcp(house)
    found = re.findall(r"a=candidate:\d+ 1 (\w+) (\d+) \S+ (\d+) typ host(.*)\r", call.agent.reply.sdp)
    udp, tcp = found[0], found[1]
    assert (udp[0], tcp[0], tcp[3]) == ("udp", "tcp", " tcptype passive")
    assert udp[2] == tcp[2] == str(house.port)
    assert int(tcp[1]) < int(udp[1]), "UDP is better where there is some"
    await call.say(200)
    await house.unharmed(call)


async def test_a_connection_that_ends_is_forgotten_and_udp_goes_on(house: WorkerHouse) -> None:
    call = await over_tcp(house)
    await call.say(3)
    udp = house.raw()
    console = call.console
    udp.username, udp.password, udp.reply, udp._keys = console.username, console.password, console.reply, console._keys
    assert await udp.check(nominate=False)
    console.close()
    await asyncio.sleep(0.05)
    assert await udp.check(nominate=False)  # the only path that is left is taken without a nomination
    udp.send(udp.rtcp(rtcp.receiver_report(1, ())))
    moved = Call(call.agent, udp)
    moved.seq = call.seq
    await house.unharmed(moved)


async def test_a_slow_reader_loses_whole_packets_and_holds_up_nobody(house: WorkerHouse) -> None:
    agent = await house.connected("agent")
    slow = await house.dialled()
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await slow.connect(house.client, "console")
    await house.event("console", "up")
    call = Call(agent, slow)
    payload = KEYFRAME + bytes(1100)
    for number in range(600):
        agent.send(agent.rtp(AGENT_FACE, number, payload, timestamp=number * 3000))
        if number % 20 == 19:
            await asyncio.sleep(0)
    stats = await house.stats()
    assert stats["send_dropped"] > 50
    seen = []
    while (data := await slow.receive(0.3)) is not None:
        if 127 < data[0] < 192 and not 192 <= data[1] <= 223 and int.from_bytes(data[8:12], "big") == call.slot:
            assert slow._keys is not None
            assert slow._keys[1].unprotect(data).endswith(payload), "what arrives is whole"
            seen.append(int.from_bytes(data[2:4], "big"))
    assert 20 < len(seen) < 600
    call.seq = 600
    await house.unharmed(call)


@pytest.mark.parametrize(
    "first",
    [
        b"\0\x14" + bytes(20),
        b"\0\4\x80\x60\0\0",
        b"\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff",
        b"\x16\x03\x01\0\x05",
    ],
    ids=["no-check", "media", "empty", "http", "long", "tls"],
)
async def test_what_does_not_begin_with_a_check_is_closed(house: WorkerHouse, first: bytes) -> None:
    call = await over_tcp(house)
    stranger = await house.dialled()
    stranger.socket.send(first)
    with pytest.raises(ConnectionError):
        await stranger.receive(2.0)
    await house.unharmed(call)


async def test_frames_cut_anywhere_and_many_at_once_are_read(house: WorkerHouse) -> None:
    call = await over_tcp(house)
    assert isinstance(call.agent, RawTcpPeer)
    stream = b""
    for number in range(10):
        data = call.agent.rtp(AGENT_FACE, number, KEYFRAME + bytes([number]), timestamp=number * 3000)
        stream += len(data).to_bytes(2, "big") + data
    for at in range(0, len(stream) // 2, 7):
        call.agent.socket.send(stream[at : min(at + 7, len(stream) // 2)])
        await asyncio.sleep(0)
    call.agent.socket.send(stream[len(stream) // 2 :])
    for number in range(10):
        assert (await call.console.heard(call.slot))[-1] == number


# ---- the port alone ----


class Ends:
    """What a port tells its owner."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.lost: list[Address] = []
        self.owned: set[Address] = set()

    def take(self, data: bytes, address: Address, port: LocalPort, now: float) -> None:
        self.frames.append(data)
        self.owned.add(address)


async def test_strangers_are_few_and_leave_in_time() -> None:
    clock, ends = FakeClock(), Ends()
    port = TcpPort(0, "127.0.0.1", 0, clock, Counters())
    port.start(ends.take, ends.owned.__contains__, ends.lost.append)
    dialled = []
    try:
        for _ in range(MAX_STRANGERS + 20):
            found = socket.create_connection(("127.0.0.1", port.number))
            dialled.append(found)
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert len(port) == MAX_STRANGERS
        dialled[-1].send(b"\0\1\1")
        await asyncio.sleep(0.05)
        assert ends.frames == [b"\1"]
        clock.advance(PATIENCE + 1)
        port.sweep(clock.monotonic())
        assert len(port) == 1 and len(ends.lost) == MAX_STRANGERS + 19
        dialled[-1].send((MAX_FRAME + 1).to_bytes(2, "big"))
        await asyncio.sleep(0.05)
        assert len(port) == 0
    finally:
        for found in dialled:
            found.close()
        port.close()
