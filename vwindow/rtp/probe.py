"""When to load a path with more than there is to send: only so is it known whether it carries what waits for room."""

FIRST, LONGEST = 3.0, 20.0
"""Seconds without a try after one that did not fit, and after many."""
BURST = 0.1
"""Seconds that may be made good at once."""
FORGET = 60.0
"""Seconds after which a try is no reason for what happens: then they come as soon as at first."""


class Probe:
    """Fill a path up to its estimate while something waits for room, until that is there or the path is full.

    The estimate rises by itself as long as what is sent arrives in time. After a try that ended in a fall the next one
    waits twice as long.
    """

    __slots__ = ("_again", "_at", "_began", "_budget", "_sent", "_wait")

    def __init__(self) -> None:
        self._began: float | None = None
        self._again = 0.0
        self._wait = FIRST
        self._at = 0.0
        self._budget = 0.0
        self._sent = 0

    @property
    def busy(self) -> bool:
        return self._began is not None

    def octets(self, now: float, sent: int, estimate: float, need: int, fell: float) -> int:
        """Return the bytes to send beside the media now, to within a packet.

        `sent` counts all bytes so far, these included; `need` in bit/s, 0 when nothing waits; `fell` is when the
        estimate was lowered last.
        """
        due = estimate * (now - self._at) / 8 - (sent - self._sent)
        self._at, self._sent = now, sent
        if need <= estimate:
            self._began = None
            return 0
        if self._began is None:
            if now < max(self._again, fell + FIRST):
                return 0
            self._began = now
            self._budget = due = 0.0
        elif fell > self._began:
            self._wait = min(LONGEST, 2 * self._wait) if now - self._began < FORGET else FIRST
            self._began = None
            self._again = now + self._wait
            return 0
        limit = estimate * BURST / 8  # of what may be made good, and of a debt
        self._budget = max(-limit, min(self._budget + due, limit))
        return max(0, int(self._budget))
