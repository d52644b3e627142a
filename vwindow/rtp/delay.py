"""Whether a queue grows or stands on a path, from when packets left and when they came (draft-ietf-rmcat-gcc-02)."""

from collections import deque

BURST = 0.005
"""Packets sent within this are one group: they say nothing of the queue between them."""
LONG_AGO = -1.0
"""Seconds: a send time before that of its group by more is no packet out of order, but a clock that has wrapped."""
WINDOW = 20
GAIN = 4.0
MAX_GROUPS = 60
QUEUED_MS = 25.0
"""What a growing queue must at least hold: a few packets more than before are none."""
FRESH_MS = 1500.0
"""Within which 20 groups must have come to tell of a queue that is there now."""
BASE_SECONDS = 10.0
"""How long the shortest delay counts as that of an empty queue."""
LASTING = 0.06


class DelayTrend:
    """Tell whether a queue grows: the slope of delay over the last 20 groups against a threshold that adapts."""

    __slots__ = (
        "_accumulated", "_arrived", "_base", "_base_before", "_base_until", "_first", "_groups", "_history", "_over",
        "_previous", "_raw", "_sent", "_smoothed", "_started", "_threshold", "_trend", "_updated", "state",
    )  # fmt: skip

    def __init__(self) -> None:
        self._started = float("-inf")
        self._sent = 0.0
        self._arrived = 0.0
        self._previous: tuple[float, float] | None = None
        self._first = 0.0
        self._accumulated = 0.0
        self._smoothed = 0.0
        self._history: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._raw: deque[float] = deque(maxlen=WINDOW)
        self._trend = 0.0
        self._groups = 0
        self._threshold = 12.5
        self._updated = 0.0
        self._over = float("inf")
        self._base = self._base_before = float("inf")
        self._base_until = 0.0
        self.state = 0
        """1: the queue grows; -1: it drains; 0: neither."""

    @property
    def standing(self) -> float:
        """Return the milliseconds of queue that were there in each of the last 20 groups."""
        if len(self._raw) < WINDOW or self._history[-1][0] - self._history[0][0] > FRESH_MS:
            return 0.0
        return min(self._raw) - min(self._base, self._base_before)

    def accept(self) -> None:
        """Take the delay that there is for that of the path itself."""
        self._base_before = float("inf")
        self._base = min(self._raw)

    def take(self, sent: float, arrived: float) -> None:
        """Take one packet in the order of sending: both times in seconds, each of its own clock."""
        if LONG_AGO < sent - self._started <= BURST:
            self._sent, self._arrived = sent, max(self._arrived, arrived)
            return
        if self._started != float("-inf"):
            self._close()
        self._started = self._sent = sent
        self._arrived = arrived

    def _close(self) -> None:
        before, self._previous = self._previous, (self._sent, self._arrived)
        if before is None:
            self._first = self._arrived
            return
        passed = self._arrived - before[1]
        if abs(passed) > 3.0:  # a pause or a stepped clock: start anew
            self._history.clear()
            self._raw.clear()
            self._accumulated = self._smoothed = 0.0
            self._base = self._base_before = float("inf")
            self.state = 0
            return
        change = (passed - (self._sent - before[0])) * 1000
        self._groups += 1
        self._accumulated += change
        self._smoothed = 0.9 * self._smoothed + 0.1 * self._accumulated
        self._raw.append(self._accumulated)
        if self._arrived >= self._base_until:  # clocks drift: an old shortest delay says nothing
            self._base_until = self._arrived + BASE_SECONDS
            self._base_before, self._base = self._base, self._accumulated
        self._base = min(self._base, self._accumulated)
        self._history.append(((self._arrived - self._first) * 1000, self._smoothed))
        if len(self._history) == WINDOW and self._groups & 1:  # half as often costs half and tells as much
            self._judge(self._slope() * min(self._groups, MAX_GROUPS) * GAIN)

    def _slope(self) -> float:
        first, base = self._history[0]
        xs = ys = xx = xy = 0.0
        for x, y in self._history:
            x -= first
            y -= base
            xs += x
            ys += y
            xx += x * x
            xy += x * y
        below = WINDOW * xx - xs * xs
        return (WINDOW * xy - xs * ys) / below if below > 1e-6 else 0.0

    def _judge(self, trend: float) -> None:
        rising, self._trend = trend >= self._trend, trend
        if trend > self._threshold:
            self._over = min(self._over, self._arrived)
            # After a stall of somebody's processor packets come all at once and leave no queue behind.
            lasting = self._arrived - self._over > LASTING
            queued = self._raw[-1] - min(self._raw) > QUEUED_MS
            self.state = 1 if lasting and rising and queued else 0
        else:
            self._over = float("inf")
            self.state = -1 if trend < -self._threshold else 0
        passed = min(0.1, max(0.0, self._arrived - self._updated))
        self._updated = self._arrived
        if abs(trend) <= self._threshold + 15:
            speed = 8.7 if abs(trend) > self._threshold else 39.0
            self._threshold += speed * (abs(trend) - self._threshold) * passed
            self._threshold = min(600.0, max(6.0, self._threshold))
