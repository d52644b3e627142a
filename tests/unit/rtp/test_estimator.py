"""Estimates against paths that are a rate, a delay and a loss."""

import random
from collections.abc import Callable

import pytest

from vwindow.rtp.estimator import FLOOR, Estimator
from vwindow.rtp.stamps import Sample

CEILING = 4_000_000
PACKET = 1200


class Path:
    """A queue that drains at a rate, with a delay and jitter; feedback comes each 50 ms."""

    def __init__(self, rate: float, *, loss: float = 0.0, jitter: float = 0.0, seed: int = 1) -> None:
        self.rate = rate
        self.loss = loss
        self.jitter = jitter
        self.free = 0.0
        self.queue = 0.0
        self.rng = random.Random(seed)

    def carry(self, sent: float) -> Sample:
        self.free = max(self.free, sent) + PACKET * 8 / self.rate
        self.queue = self.free - sent
        lost = self.rng.random() < self.loss or self.queue > 0.4
        if lost:
            self.free -= PACKET * 8 / self.rate if self.queue > 0.4 else 0
        # The viewer's clock is not ours.
        return sent, None if lost else self.free + 1000.03 + self.rng.random() * self.jitter, PACKET


def drive(
    path: Path, seconds: float, rate: Callable[[Estimator], float], estimator: Estimator | None = None, start: float = 0
) -> tuple[Estimator, list[float]]:
    """Send frames of 33 ms at a rate; return the estimate each second."""
    estimator = estimator or Estimator(CEILING)
    seen = []
    waiting: list[Sample] = []
    reported = start
    credit = 0.0
    for frame in range(int(seconds * 30)):
        now = start + frame / 30
        credit += rate(estimator) / 30 / 8 / PACKET
        count, credit = int(credit), credit % 1
        waiting += [path.carry(now + step * 0.001) for step in range(count)]
        if now - reported >= 0.05:
            reported = now
            estimator.take(waiting, now, 0.06)
            waiting = []
        if frame % 30 == 29:
            seen.append(estimator.bitrate)
    return estimator, seen


def follow(estimator: Estimator) -> float:
    return min(1_500_000.0, 0.95 * estimator.bitrate)


def test_a_path_that_is_wide_enough_keeps_its_ceiling() -> None:
    estimator, _ = drive(Path(50e6, jitter=0.004), 20, follow)
    assert estimator.bitrate == CEILING


@pytest.mark.parametrize("loss", [0.02, 0.05])
def test_loss_of_a_few_percent_is_no_congestion(loss: float) -> None:
    estimator, _ = drive(Path(50e6, loss=loss, jitter=0.005), 30, follow)
    assert estimator.bitrate > 2_000_000


@pytest.mark.parametrize("rate", [300e3, 600e3, 1e6])
def test_a_narrow_path_is_found_and_held(rate: float) -> None:
    path = Path(rate)
    _, seen = drive(path, 40, follow)
    assert seen[2] < 1.3 * rate
    later = seen[15:]
    assert 0.55 * rate < sum(later) / len(later) < 1.1 * rate
    assert path.queue < 0.3


def test_a_path_that_becomes_wide_again_is_used_again() -> None:
    path = Path(500e3)
    estimator, _ = drive(path, 15, follow)
    assert estimator.bitrate < 700e3
    path.rate = 50e6
    _, seen = drive(path, 40, follow, estimator, start=15)
    assert seen[-1] > 1_500_000


def test_a_machine_that_stalls_now_and_then_is_no_narrow_path() -> None:
    estimator = Estimator(CEILING)
    waiting: list[Sample] = []
    stalled = 0.0
    for frame in range(1800):
        now = frame / 30
        if frame % 60 == 40:
            stalled = now + 0.15
        waiting += [(now + step * 0.001, max(now + step * 0.001, stalled) + 0.02, PACKET) for step in range(5)]
        if frame % 2:
            estimator.take(waiting, now, 0.06)
            waiting = []
    assert estimator.bitrate > 0.9 * CEILING


def test_heavy_loss_lowers_and_never_below_the_floor() -> None:
    estimator, _ = drive(Path(50e6, loss=0.3), 60, follow)
    assert FLOOR <= estimator.bitrate < 200_000


def test_nothing_heard_changes_nothing() -> None:
    estimator = Estimator(CEILING)
    estimator.take([], 1.0, 0.1)
    assert estimator.bitrate == CEILING
    assert estimator.arriving == 0
