"""Who can move a call's packets: only a nominated check with the password, from an address that is free."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.raw_peer import RawPeer, binding_request
from tests.fakes.worker_house import AGENT_FACE, KEYFRAME, Call, WorkerHouse, worker_house
from vwindow.ice import stun
from vwindow.ice.book import MAX_ADDRESSES, Binding, Book
from vwindow.rtp import rtcp
from vwindow.sfu.counters import Counters
from vwindow.sfu.gate import Gate
from vwindow.sfu.peer import UNPROVEN_PACKETS

PASSWORD = b"our-own-password-of-32-characters"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock") as found:
        yield found


def stand_in(house: WorkerHouse, peer: RawPeer) -> RawPeer:
    """Return another socket that knows what `peer` knows."""
    other = house.raw()
    other.username, other.password, other.reply, other._keys = peer.username, peer.password, peer.reply, peer._keys
    return other


async def test_a_spoofed_check_without_the_password_moves_nothing(house: WorkerHouse) -> None:
    call = await house.call()
    thief = stand_in(house, call.console)
    before = await house.stats()
    for password in (b"", b"x" * 32, call.console.password[:-1], call.agent.password):
        assert not await thief.check(password=password, seconds=0.1)
    thief.username = "nobody:" + thief.username.partition(":")[2]
    assert not await thief.check(seconds=0.1)
    thief.username = call.console.username.partition(":")[0] + ":wrong"
    assert not await thief.check(seconds=0.1)
    stats = await house.unharmed(call)
    assert "moves" not in stats
    assert stats["checks_dropped"] - before.get("checks_dropped", 0) == 6
    assert await thief.receive(0.05) is None


async def test_a_check_that_nominates_nothing_moves_nothing(house: WorkerHouse) -> None:
    call = await house.call()
    other = stand_in(house, call.console)
    for _ in range(20):
        assert await other.check(nominate=False)
    stats = await house.unharmed(call)
    assert "moves" not in stats
    assert await other.receive(0.05) is None


async def test_a_nominated_check_moves_ten_packets_until_it_is_proven(house: WorkerHouse) -> None:
    call = await house.call()
    other = stand_in(house, call.console)
    assert await other.check()
    assert (await house.stats())["moves"] == 1
    for _ in range(30):
        call.agent.send(call.agent.rtp(AGENT_FACE, call.seq, KEYFRAME, timestamp=call.seq * 3000))
        call.seq += 1
        await asyncio.sleep(0)
    got = 0
    while await other.receive(0.1):
        got += 1
    assert got == UNPROVEN_PACKETS
    other.send(other.rtcp(rtcp.receiver_report(1, ())))
    moved = Call(call.agent, other)
    moved.seq = call.seq
    stats = await house.unharmed(moved)
    assert stats["unproven_dropped"] >= 20


async def test_the_address_of_a_live_peer_is_not_taken(house: WorkerHouse) -> None:
    call = await house.call()
    before = await house.stats()
    for nominate in (False, True):
        call.agent.send(binding_request(call.console.username, call.console.password, nominate=nominate))
    stats = await house.unharmed(call)
    assert "moves" not in stats
    assert stats["checks_dropped"] - before.get("checks_dropped", 0) == 2


async def test_a_peer_has_eight_addresses_at_most(house: WorkerHouse) -> None:
    call = await house.call()
    others = [stand_in(house, call.agent) for _ in range(3 * MAX_ADDRESSES)]
    for other in others:
        assert await other.check(nominate=False)
    before = (await house.stats()).get("stray", 0)
    for other in others:
        other.send(b"\x80\x60" + bytes(30))
    await call.say(3)
    stats = await house.unharmed(call)
    assert stats["stray"] - before == len(others) - (MAX_ADDRESSES - 1)


async def test_media_under_one_peers_keys_from_anothers_address_is_nobodys(house: WorkerHouse) -> None:
    call = await house.call()
    stolen = call.agent.rtp(AGENT_FACE, call.seq, KEYFRAME + b"stolen")
    call.console.send(stolen)
    stats = await house.unharmed(call)
    assert stats["unrouted"] + stats.get("unauthentic", 0) >= 1


# ---- what a packet costs that nobody asked for ----


class Watched(dict[Any, Any]):
    """A dictionary that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get(self, key: Any, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


class FakePort:
    index = 0

    def __init__(self) -> None:
        self.sent = 0

    def send(self, data: bytes, address: Any) -> None:
        self.sent += 1


class Untouchable:
    """A peer that must not hear of strangers."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a stranger's packet reached the peer: {name}")


def test_a_packet_from_an_unknown_address_costs_one_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    book: Book[Any] = Book(1)
    book.add(Binding(Untouchable(), "ours", PASSWORD, frozenset({"theirs"})))
    owners, ufrags = Watched(), Watched()
    ufrags.update(book._by_ufrag)
    book.owners = (owners,)
    book._by_ufrag = ufrags
    counters, port = Counters(), FakePort()
    gate = Gate(book, counters)

    def no_hmac(*_: Any) -> bytes:
        raise AssertionError("computed for a stranger")

    monkeypatch.setattr(stun.hmac, "digest", no_hmac)
    strangers = [("198.51.100.7", number) for number in range(1000)]
    for number, address in enumerate(strangers):
        for data in (b"\x80\x60" + bytes(40), b"\x81\xc9" + bytes(30), b"\x16\xfe\xfd" + bytes(50)):
            gate.take(data, address, port, float(number))  # type: ignore[arg-type]
    assert owners.asked == 3 * len(strangers)
    check = binding_request("nobody:theirs", PASSWORD)
    for address in strangers:
        gate.take(check, address, port, 1.0)  # type: ignore[arg-type]
    assert ufrags.asked == len(strangers)
    assert (len(owners), port.sent) == (0, 0), "nothing is remembered, nothing is answered"
    assert counters.values == {"stray": 3 * len(strangers), "checks_dropped": len(strangers)}
