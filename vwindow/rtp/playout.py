"""How long a viewer should hold pictures back so that what the way loses is repaired in time."""

from collections.abc import Sequence
from typing import NamedTuple

LOSSY = 0.005
"""Fraction lost from which on a leg's repairs are waited for."""
SMOOTH_SECONDS = 3.0
ROUND_TRIPS = 1.2
"""Of each lossy leg. A picture may stand 150 ms more before anybody calls it frozen: room for a second attempt."""
UNNOTICED = 0.06
"""Seconds: so short repairs, even several of one packet, make nothing stand."""
MOST = 0.6
STEP = 0.02
FALL_PER_SECOND = 0.02
"""A path that is bad now and then keeps its delay; one that is good again loses it within some ten seconds."""
UNITS_PER_SECOND = 100
LONGEST = 1000
"""The most that a viewer may wait by itself, in units: what browsers take when nobody says anything."""


class Leg(NamedTuple):
    """A stretch of the way: packets lost and packets sent on it up to now, and the seconds that a repair takes."""

    lost: int = 0
    sent: int = 0
    repair: float = 0.0


class Playout:
    """Decide by the legs between source and viewer: nothing on a clean way, a round trip of each lossy one else."""

    __slots__ = ("_at", "_before", "_loss", "delay")

    def __init__(self) -> None:
        self._at = 0.0
        self._before: tuple[Leg, ...] = ()
        self._loss: list[float] = []
        self.delay = 0.0
        """Seconds."""

    def take(self, legs: Sequence[Leg], now: float) -> None:
        """Take how the legs are now; counts that are smaller than before begin anew."""
        passed = min(SMOOTH_SECONDS, now - self._at) if self._before else 0.0
        if len(legs) != len(self._before):
            self._before, self._loss = tuple(legs), [0.0] * len(legs)
        wanted = 0.0
        for index, (leg, before) in enumerate(zip(legs, self._before, strict=True)):
            sent, lost = leg.sent - before.sent, leg.lost - before.lost
            if sent > 0:
                loss = min(1.0, max(0, lost) / sent)
                self._loss[index] += passed / SMOOTH_SECONDS * (loss - self._loss[index])
            if self._loss[index] > LOSSY:
                wanted += ROUND_TRIPS * leg.repair
        self._before, self._at = tuple(legs), now
        self._follow(min(MOST, wanted) if wanted > UNNOTICED else 0.0, passed)

    def _follow(self, wanted: float, passed: float) -> None:
        if wanted > self.delay + STEP:
            self.delay = wanted
        elif wanted < self.delay:
            self.delay = max(wanted, self.delay - FALL_PER_SECOND * passed)
            if not wanted and self.delay < STEP:
                self.delay = 0.0


def limits(number: int, delay: float) -> bytes:
    """Return the element of header extension `number` (1 to 14) that asks for at least `delay` seconds.

    http://www.webrtc.org/experiments/rtp-hdrext/playout-delay: 12 bits each of least and most, in 10 ms.
    """
    return bytes((number << 4 | 2,)) + (round(delay * UNITS_PER_SECOND) << 12 | LONGEST).to_bytes(3, "big")
