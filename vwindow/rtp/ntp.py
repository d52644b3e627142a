"""NTP times of reports, and a peer's clock seen from ours."""

from collections import deque

NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""

STEP = 1.0
"""A delay that changes by more than this is a stepped clock, not a slow network."""

WINDOW = 64
LASTING = 5
"""So many reports in a row that all come later than the least delayed one by `SLIP` are a clock set back a little."""
SLIP = 0.1


def to_ntp(unix: float) -> int:
    """Return 64-bit NTP time of Unix seconds."""
    return int((unix + NTP_EPOCH) * 0x100000000) & 0xFFFFFFFFFFFFFFFF


def from_ntp(ntp: int) -> float:
    """Return Unix seconds of a 64-bit NTP time."""
    return ntp / 0x100000000 - NTP_EPOCH


def middle(ntp: int) -> int:
    """Return the middle 32 bits, as LSR carries them."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip(now_ntp: int, last_sr: int, delay: int) -> float | None:
    """Return seconds there and back from a report block (RFC 3550 §6.4.1); None when it says nothing."""
    if not last_sr:
        return None
    units = (middle(now_ntp) - last_sr - delay) & 0xFFFFFFFF
    return units / 65536 if units < 0x80000000 else 0.0


class PeerClock:
    """Put a peer's sender-report times on our monotonic clock; its own clock is not trusted.

    Keeps the last 64 differences (arrival − NTP time) and takes the lowest: that report was delayed least.
    """

    __slots__ = ("_differences", "_late")

    def __init__(self) -> None:
        self._differences: deque[float] = deque(maxlen=WINDOW)
        self._late = 0

    def take(self, unix: float, arrival: float) -> float:
        """Learn from a report sent at the peer's `unix` seconds; return that moment on our clock."""
        difference = arrival - unix
        known = self._differences
        if known:
            least = min(known)
            self._late = self._late + 1 if difference - least > SLIP else 0
            if abs(difference - least) > STEP:
                known.clear()
                self._late = 0
            elif self._late >= LASTING:
                while len(known) >= LASTING:
                    known.popleft()
                self._late = 0
        known.append(difference)
        return unix + min(known)
