"""Numbers that go on: wraps, late packets, holes and switches."""

import random

import pytest

from vwindow.rtp.seq import Unwrapper, extend
from vwindow.rtp.seqmap import LATE_LIMIT, MAX_JUMP, SeqMap


def test_unwrapper_goes_over_the_wrap() -> None:
    unwrapper = Unwrapper()
    assert [unwrapper.take(seq) & 0xFFFF for seq in (65534, 65535, 0, 1)] == [65534, 65535, 0, 1]
    assert unwrapper.highest == 0x20001


def test_unwrapper_puts_late_packets_where_they_belong() -> None:
    unwrapper = Unwrapper()
    assert [unwrapper.take(seq) - 0x10000 for seq in (65535, 1, 0, 65534, 2)] == [
        65535,
        65537,
        65536,
        65534,
        65538,
    ]


@pytest.mark.parametrize("seed", range(20))
def test_unwrapper_restores_any_order_within_a_window(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    start = rng.randrange(65536)
    numbers = list(range(start, start + 200_000, rng.randrange(1, 300)))
    order = sorted(range(len(numbers)), key=lambda at: at + rng.random() * 20)
    unwrapper = Unwrapper()
    unwrapper.take(start & 0xFFFF)
    first = unwrapper.highest
    assert [unwrapper.take(numbers[at] & 0xFFFF) - first for at in order] == [numbers[at] - start for at in order]


def test_extend_takes_the_nearest_cycle() -> None:
    assert extend(65535, 0x20000) == 0x1FFFF
    assert extend(3, 0x1FFFF) == 0x20003
    assert extend(7, 0x10007) == 0x10007


def test_holes_stay_holes_and_late_packets_have_their_place() -> None:
    seqmap = SeqMap(90_000, first=100, first_time=0)
    seqmap.switch(1000, 5000, 1.0)
    assert [seqmap.map(number, 5000, 1.0) for number in (1000, 1001, 1004, 1002)] == [100, 101, 104, 102]


def test_a_switch_closes_up_and_time_goes_on() -> None:
    seqmap = SeqMap(90_000, first=100, first_time=7)
    seqmap.switch(1000, 5000, 1.0)
    assert seqmap.map(1000, 5000, 1.0) == 100
    assert seqmap.map_time(5000) == 7
    seqmap.map(1001, 8000, 1.1)
    seqmap.switch(50, 0xFFFFFFFF, 1.6)
    assert seqmap.map(50, 0xFFFFFFFF, 1.6) == 102
    assert seqmap.map_time(0xFFFFFFFF) == 7 + 3000 + 45_000


def test_a_packet_from_before_the_switch_has_no_number() -> None:
    seqmap = SeqMap(48_000, first=0, first_time=0)
    seqmap.switch(1000, 0, 0.0)
    assert seqmap.map(999, 0, 0.0) is None


def test_a_packet_too_late_for_srtp_has_no_number() -> None:
    seqmap = SeqMap(48_000, first=0, first_time=0)
    seqmap.switch(1000, 0, 0.0)
    seqmap.map(1000 + LATE_LIMIT + 5, 0, 0.0)
    assert seqmap.map(1005, 0, 0.0) is None
    assert seqmap.map(1006, 0, 0.0) == 6


def test_a_long_jump_is_a_new_start() -> None:
    seqmap = SeqMap(48_000, first=0, first_time=0)
    seqmap.switch(1000, 0, 0.0)
    seqmap.map(1000, 0, 0.0)
    assert not seqmap.jumps(1000 + MAX_JUMP)
    assert seqmap.jumps(1001 + MAX_JUMP)


@pytest.mark.parametrize("seed", range(20))
def test_one_number_never_stands_for_two_packets(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    seqmap = SeqMap(90_000, first=rng.randrange(1 << 16), first_time=0)
    given: set[int] = set()
    now = 0.0
    for _ in range(30):
        base = rng.randrange(1 << 20)
        numbers = [base + step for step in range(300) if rng.random() > 0.1]
        numbers.sort(key=lambda number: number + rng.random() * 15)
        seqmap.switch(numbers[0], rng.randrange(1 << 32), now)
        for number in numbers:
            now += 0.003
            out = seqmap.map(number, number * 100, now)
            if out is not None:
                assert out not in given
                given.add(out)


def test_a_place_is_given_once() -> None:
    seqmap = SeqMap(90_000, first=100, first_time=0)
    seqmap.switch(1000, 0, 0.0)
    numbers = (1000, 1000, 1003, 1002, 1002, 1003, 1001, 1001, 1004)
    assert [seqmap.map(number, 0, 0.0) for number in numbers] == [100, None, 103, 102, None, None, 101, None, 104]
