"""The path from one sender to the worker, seen from the send times in its packets."""

from vwindow.rtp.estimator import Estimator
from vwindow.rtp.stamps import Sample

_WRAP = 1 << 24
_UNITS = 1 << 18
BATCH = 0.05
"""Seconds between two judgements."""


class Uplink:
    """Estimate what a sender's path carries from abs-send-time (6.18 bits of seconds, wraps after 64 s)."""

    def __init__(self, ceiling: int) -> None:
        self._estimator = Estimator(ceiling)
        self._sent: int | None = None
        self._waiting: list[Sample] = []
        self._judged = 0.0

    def take(self, stamp: bytes, octets: int, now: float, round_trip: float) -> None:
        """Take the send time of a frame's first packet and the bytes that came since the last one."""
        units = int.from_bytes(stamp, "big")
        if self._sent is None:
            self._sent = units
        else:
            self._sent += (units - self._sent + _WRAP // 2) % _WRAP - _WRAP // 2
        self._waiting.append((self._sent / _UNITS, now, octets))
        if now - self._judged >= BATCH:
            self._judged = now
            waiting, self._waiting = self._waiting, []
            self._estimator.take(waiting, now, round_trip)

    @property
    def estimate(self) -> int:
        """Return the bit/s that the path carries; the ceiling until it was seen to carry less."""
        return int(self._estimator.bitrate)
