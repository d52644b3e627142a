"""RTP times on the worker's clock."""

import random

import pytest

from vwindow.recording.trackclock import TrackClock
from vwindow.sfu.ports import Anchor, Packet

RATE = 48_000


def packet(seq: int, timestamp: int, arrival: float) -> Packet:
    return Packet(seq, timestamp % 2**32, False, b"", arrival, False)


def test_without_anchors_the_fastest_packets_count() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    clock = TrackClock(RATE)
    places = []
    for number in range(3000):
        late = 0.0 if number % 50 == 7 else chance.random() * 0.5
        places.append(clock.place(packet(number, 2**32 - 1000 + number * 960, 10 + number * 0.02 + late)))
    assert {place.epoch for place in places} == {0}
    for number, place in enumerate(places):
        assert clock.time(place) == pytest.approx(10 + number * 0.02, abs=0.001)


def test_a_report_that_came_late_counts_less_than_its_neighbours() -> None:
    clock = TrackClock(RATE)
    places = []
    for number in range(1000):
        places.append(clock.place(packet(number, number * 960, 50 + number * 0.02 + 0.2)))
        if number % 50 == 0:
            late = 0.3 if number == 0 else 0.0
            clock.anchor(Anchor(number * 960, 50 + number * 0.02 + late))
    assert clock.time(places[0]) == pytest.approx(50, abs=0.001)
    assert clock.time(places[-1]) == pytest.approx(50 + 999 * 0.02, abs=0.001)


def test_an_absurd_anchor_is_not_believed() -> None:
    clock = TrackClock(RATE)
    places = [clock.place(packet(n, n * 960, 50 + n * 0.02)) for n in range(100)]
    clock.anchor(Anchor(0, 4000.0))
    assert clock.time(places[0]) == pytest.approx(50, abs=0.001)


def test_drift_is_followed() -> None:
    clock = TrackClock(RATE)
    places = [clock.place(packet(n, n * 960, 50 + n * 0.02001)) for n in range(0, 200_000, 10)]
    assert clock.time(places[-1]) == pytest.approx(50 + 199_990 * 0.02001, abs=0.05)


def test_a_stall_is_no_new_epoch_and_a_restart_is() -> None:
    clock = TrackClock(RATE)
    stalled = [clock.place(packet(n, n * 960, 50 + max(n * 0.02, 4.0))) for n in range(400)]
    assert {place.epoch for place in stalled} == {0}
    anew = clock.place(packet(30_000, 10**9, 60.0))
    assert anew.epoch == 1
    again = clock.place(packet(5, 10**9 + 960, 60.02))
    assert again.epoch == 2
    assert clock.time(anew) == pytest.approx(60.0) and clock.time(again) == pytest.approx(60.02)


def test_a_long_pause_with_a_running_clock_is_no_restart() -> None:
    clock = TrackClock(RATE)
    first = clock.place(packet(1, 0, 50.0))
    later = clock.place(packet(2, 3600 * RATE, 3650.0))
    assert (first.epoch, later.epoch) == (0, 0)
    assert clock.time(later) == pytest.approx(3650.0)


def test_an_early_anchor_waits_for_its_epoch() -> None:
    clock = TrackClock(RATE)
    clock.anchor(Anchor(1000, 49.9))
    first = clock.place(packet(1, 1000, 50.0))
    assert clock.time(first) == pytest.approx(49.9)
    clock = TrackClock(RATE)
    clock.place(packet(1, 1000, 50.0))
    clock.anchor(Anchor(10**9, 59.9))
    second = clock.place(packet(9000, 10**9, 60.0))
    assert second.epoch == 1 and clock.time(second) == pytest.approx(59.9)


def test_a_late_repair_goes_back_over_the_wrap() -> None:
    clock = TrackClock(RATE)
    clock.place(packet(1, 2**32 - 960, 50.0))
    newer = clock.place(packet(3, 960, 50.04))
    repair = clock.place(packet(2, 0, 50.3))
    assert newer.ticks - repair.ticks == 960
