"""How much a path carries, from delay and loss (after draft-ietf-rmcat-gcc-02)."""

from collections import deque
from collections.abc import Sequence

from vwindow.rtp.stamps import Sample

BURST = 0.005
"""Packets sent within this are one group: they say nothing of the queue between them."""
WINDOW = 20
GAIN = 4.0
MAX_GROUPS = 60
QUEUED_MS = 10.0
LASTING = 0.06
DECREASE = 0.85
LEAST = 0.5
"""Of what arrived at most in the last seconds: a stall must not look like a path that carries nothing."""
QUIET = 100_000
"""A voice alone cannot fill a path: its delay says nothing of pictures."""
INCREASE_PER_SECOND = 1.08
RECOVER_PER_SECOND = 1.25
CALM = 5.0
"""Seconds after a fall from which on the rise is the faster one."""
PEAK_PER_SECOND = 0.7
NEAR_CAPACITY_BITS_PER_SECOND = 50_000
LOSS_LIMIT = 0.1
LOSS_PACKETS = 20
FLOOR = 50_000


class DelayTrend:
    """Tell whether a queue grows: the slope of delay over the last 20 groups against a threshold that adapts."""

    __slots__ = (
        "_accumulated", "_arrived", "_first", "_groups", "_history", "_over", "_previous", "_raw", "_sent",
        "_smoothed", "_started", "_threshold", "_trend", "_updated", "state",
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
        self.state = 0
        """1: the queue grows; -1: it drains; 0: neither."""

    def take(self, sent: float, arrived: float) -> None:
        """Take one packet in the order of sending: both times in seconds, each of its own clock."""
        if sent - self._started <= BURST:
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
            self.state = 0
            return
        change = (passed - (self._sent - before[0])) * 1000
        self._groups += 1
        self._accumulated += change
        self._smoothed = 0.9 * self._smoothed + 0.1 * self._accumulated
        self._raw.append(self._accumulated)
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


class Estimator:
    """Keep one figure for a path, between 50 kbit/s and `ceiling` bit/s; begins at the ceiling.

    A growing queue brings it to 85 % of what arrived; more than a tenth lost lowers it by half of the loss, but not
    below that; else it rises by 8 to 25 % a second, and slowly near where it had to fall. Loss of a few percent is no
    sign of congestion.
    """

    __slots__ = (
        "_arrivals", "_capacity", "_ceiling", "_expected", "_fell", "_lost", "_octets", "_peak", "_risen", "_trend",
        "bitrate", "loss",
    )  # fmt: skip

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._trend = DelayTrend()
        self._arrivals: deque[tuple[float, int]] = deque(maxlen=2048)
        self._octets = 0
        self._capacity = 0.0
        self._peak = 0.0
        self._fell = float("-inf")
        self._risen = 0.0
        self._expected = 0
        self._lost = 0
        self.bitrate = float(ceiling)
        self.loss = 0.0
        """Smoothed fraction of packets that did not come."""

    @property
    def arriving(self) -> float:
        """Return the bit/s that arrived in the last half second."""
        if len(self._arrivals) < 2:
            return 0.0
        passed = self._arrivals[-1][0] - self._arrivals[0][0]
        return 8 * self._octets / max(passed, 0.1)

    def take(self, samples: Sequence[Sample], now: float, round_trip: float) -> None:
        """Take what a report says, in the order of sending; `now` and `round_trip` in our seconds."""
        for sent, arrived, size in samples:
            self._expected += 1
            if arrived is None:
                self._lost += 1
                continue
            self._count(arrived, size)
            self._trend.take(sent, arrived)
        self._judge_loss(now, round_trip)
        self._judge_delay(now, round_trip)

    def _count(self, arrived: float, size: int) -> None:
        arrivals = self._arrivals
        if len(arrivals) == arrivals.maxlen:
            self._octets -= arrivals.popleft()[1]
        arrivals.append((arrived, size))
        self._octets += size
        while arrivals[0][0] < arrived - 0.5:
            self._octets -= arrivals.popleft()[1]

    def _judge_loss(self, now: float, round_trip: float) -> None:
        if self._expected < LOSS_PACKETS:
            return
        fraction = self._lost / self._expected
        self._expected = self._lost = 0
        self.loss += 0.3 * (fraction - self.loss)
        if self.loss > LOSS_LIMIT and now - self._fell > 0.3 + round_trip:
            # What still arrives above the estimate is a sender that has not followed yet.
            self._fall(max(self.bitrate * (1 - 0.5 * self.loss), DECREASE * self.arriving), now)

    def _judge_delay(self, now: float, round_trip: float) -> None:
        passed = min(1.0, now - self._risen) if self._risen else 0.0
        self._risen = now
        arriving = self.arriving
        self._peak = max(arriving, self._peak * PEAK_PER_SECOND**passed)
        state = self._trend.state
        if state > 0:
            if self._peak > QUIET and now - self._fell > 0.1 + round_trip:
                self._capacity = max(arriving, LEAST * self._peak / DECREASE)
                self._fall(DECREASE * self._capacity, now)
        elif state == 0 and self.loss <= LOSS_LIMIT:
            if 0.8 * self._capacity < self.bitrate < 1.2 * self._capacity:
                self.bitrate += NEAR_CAPACITY_BITS_PER_SECOND * passed
            else:
                self.bitrate *= (RECOVER_PER_SECOND if now - self._fell > CALM else INCREASE_PER_SECOND) ** passed
            self.bitrate = min(self.bitrate, self._ceiling)

    def _fall(self, bitrate: float, now: float) -> None:
        self._fell = now
        self.bitrate = max(float(FLOOR), min(self.bitrate, bitrate))
