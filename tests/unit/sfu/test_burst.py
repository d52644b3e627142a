"""Datagrams in bursts: what arrives is what was sent, whatever the kernel thinks of segments."""

import errno
import random
import socket
from typing import Any

import pytest

from vwindow.sfu.burst import MAX_SEGMENTS, REFUSALS, Burst
from vwindow.sfu.counters import Counters


class FakeWire:
    """Take datagrams apart as the kernel would; refuse bursts, or everything, when told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, bytes]] = []
        self.calls = 0
        self.refuses = 0
        self.full = False

    def sendto(self, data: bytes, address: Any) -> int:
        self.calls += 1
        if self.full:
            raise BlockingIOError(errno.EAGAIN, "full")
        self.sent.append((address, data))
        return len(data)

    def sendmsg(self, buffers: list[bytes], ancdata: Any, flags: int, address: Any) -> int:
        self.calls += 1
        if self.full:
            raise BlockingIOError(errno.EAGAIN, "full")
        if self.refuses:
            raise OSError(self.refuses, "no")
        ((level, kind, value),) = ancdata
        assert (level, kind) == (socket.SOL_UDP, 103)
        size, whole = int.from_bytes(value, "little"), b"".join(buffers)
        assert len(whole) < 65_508
        assert len(buffers) <= MAX_SEGMENTS
        self.sent += [(address, whole[at : at + size]) for at in range(0, len(whole), size)]
        return len(whole)


def filled(wire: FakeWire, *sizes: int) -> tuple[Burst, list[tuple[str, bytes]], Counters]:
    counters = Counters()
    burst = Burst(wire, counters)
    datagrams = [("a", bytes([index]) * size) for index, size in enumerate(sizes)]
    for address, data in datagrams:
        burst.put(data, (address,))
    return burst, datagrams, counters


def sent(wire: FakeWire) -> list[tuple[str, bytes]]:
    return [(address[0], data) for address, data in wire.sent]


def test_a_picture_of_two_sizes_takes_two_calls() -> None:
    wire = FakeWire()
    burst, datagrams, _ = filled(wire, 1100, 1100, 1100, 1101, 1101)
    burst.flush()
    assert sent(wire) == datagrams
    assert wire.calls == 2
    burst.flush()
    assert wire.calls == 2


def test_a_shorter_one_ends_a_run() -> None:
    wire = FakeWire()
    burst, datagrams, _ = filled(wire, 900, 900, 40, 900, 40, 40)
    burst.flush()
    assert sent(wire) == datagrams
    assert wire.calls == 3


def test_any_mixture_arrives_whole_and_in_order() -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(200):
        wire = FakeWire()
        burst = Burst(wire, Counters())
        want: dict[Any, list[bytes]] = {}
        for _ in range(rng.randrange(150)):
            address = (rng.choice("abc"),)
            data = rng.randbytes(rng.choice((1, 60, 1100, 1101, 1400, rng.randrange(1, 1500))))
            want.setdefault(address, []).append(data)
            burst.put(data, address)
        burst.flush()
        for address, datagrams in want.items():
            assert [data for to, data in wire.sent if to == address] == datagrams


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO, errno.EMSGSIZE])
def test_a_kernel_that_refuses_is_not_asked_for_ever(number: int) -> None:
    wire = FakeWire()
    wire.refuses = number
    counters = Counters()
    burst = Burst(wire, counters)
    for _ in range(2 * REFUSALS):
        for _ in range(3):
            burst.put(b"x" * 100, ("a",))
        burst.flush()
    assert len(wire.sent) == 2 * REFUSALS * 3
    assert counters.values["bursts_refused"] == REFUSALS
    assert counters.values["send_dropped"] == 0


def test_a_full_buffer_drops_and_counts() -> None:
    wire = FakeWire()
    wire.full = True
    burst, _, counters = filled(wire, 100, 100, 100, 120)
    burst.flush()
    assert counters.values["send_dropped"] == 4
    assert wire.calls == 2


def test_the_kernel_here_takes_them() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
    ):
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(5)
        counters = Counters()
        burst = Burst(sending, counters)
        datagrams = [bytes([index]) * size for index, size in enumerate((1200, 1200, 1200, 700, 60, 60))]
        for data in datagrams:
            burst.put(data, receiving.getsockname())
        burst.flush()
        assert [receiving.recv(2048) for _ in datagrams] == datagrams
        assert counters.values["send_dropped"] == 0
