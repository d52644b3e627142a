"""How much a path carries, from delay and loss (after draft-ietf-rmcat-gcc-02)."""

from collections import deque
from collections.abc import Sequence

from vwindow.rtp.delay import DelayTrend
from vwindow.rtp.stamps import Sample

STANDING_MS = 50.0
"""A queue that never gets shorter than this is too long, growing or not: a full one does not grow any more."""
DRAIN_SECONDS = 1.0
PATIENCE = 3
"""Falls that leave a queue as long as it was, after which it is not our queue but the path."""
DECREASE = 0.85
LEAST = 0.5
"""Of what arrived at most in the last seconds: a stall must not look like a path that carries nothing."""
QUIET = 100_000
"""A voice alone cannot fill a path: its delay says nothing of pictures."""
INCREASE_PER_SECOND = 1.08
RECOVER_PER_SECOND = 1.4
CALM = 5.0
"""Seconds after a fall from which on the rise is the faster one."""
PEAK_PER_SECOND = 0.7
NEAR_CAPACITY_PER_SECOND = 0.05
REACH, HEADROOM = 1.5, 50_000
"""How far above what has lately arrived an estimate may rise: more was never tried."""
LOSS_LIMIT = 0.1
LOSS_PACKETS = 20
FLOOR = 50_000


class Estimator:
    """Keep one figure for a path, between 50 kbit/s and `ceiling` bit/s; begins at the ceiling.

    A queue that grows or does not go away brings it to 85 % of what arrived; more than a tenth lost lowers it by half
    of the loss, but not below that; else it rises by 8 to 40 % a second, slowly near where it had to fall, and not
    beyond half as much again as what lately arrived. Loss of a few percent is no sign of congestion.
    """

    __slots__ = (
        "_arrivals", "_capacity", "_ceiling", "_drained", "_expected", "_lost", "_octets", "_peak", "_reach",
        "_risen", "_stood", "_stubborn", "_trend", "bitrate", "fell", "loss",
    )  # fmt: skip

    def __init__(self, ceiling: int, reach: float = REACH) -> None:
        """`reach`: how many times what arrives the estimate may rise to, where more can be tried out."""
        self._ceiling = ceiling
        self._reach = reach
        self._trend = DelayTrend()
        self._arrivals: deque[tuple[float, int]] = deque(maxlen=2048)
        self._octets = 0
        self._capacity = 0.0
        self._peak = 0.0
        self._stood = 0.0
        self._stubborn = 0
        self._drained = float("-inf")
        self._risen = 0.0
        self._expected = 0
        self._lost = 0
        self.bitrate = float(ceiling)
        self.fell = float("-inf")
        """When it was lowered last."""
        self.loss = 0.0
        """Smoothed fraction of packets that did not come."""

    @property
    def arriving(self) -> float:
        """Return the bit/s that arrived in the last half second."""
        if len(self._arrivals) < 2:
            return 0.0
        passed = self._arrivals[-1][0] - self._arrivals[0][0]
        return 8 * (self._octets - self._arrivals[0][1]) / max(passed, 0.1)

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
        if self.loss > LOSS_LIMIT and now - self.fell > 0.3 + round_trip:
            # What still arrives above the estimate is a sender that has not followed yet.
            self._fall(max(self.bitrate * (1 - 0.5 * self.loss), DECREASE * self.arriving), now)

    def _judge_delay(self, now: float, round_trip: float) -> None:
        passed = min(1.0, now - self._risen) if self._risen else 0.0
        self._risen = now
        arriving = self.arriving
        self._peak = max(arriving, self._peak * PEAK_PER_SECOND**passed)
        state = self._trend.state
        grows = state > 0 and now - self.fell > 0.1 + round_trip
        if self._peak > QUIET and (self._stands(now, round_trip) or grows):
            stalls = LEAST * self._peak / DECREASE if self.loss <= LOSS_LIMIT else 0.0  # a stall loses nothing
            self._capacity = max(arriving, stalls)
            self._fall(DECREASE * self._capacity, now)
        elif state == 0 and self.loss <= LOSS_LIMIT and self._trend.standing < STANDING_MS / 2:
            self._rise(arriving, passed, now)

    def _rise(self, arriving: float, passed: float, now: float) -> None:
        if arriving > 1.1 * self._capacity:
            self._capacity = 0.0  # more got through than it was thought to carry
        if 0.8 * self._capacity < self.bitrate < 1.2 * self._capacity:
            risen = self.bitrate + NEAR_CAPACITY_PER_SECOND * self._capacity * passed
        else:
            risen = self.bitrate * (RECOVER_PER_SECOND if now - self.fell > CALM else INCREASE_PER_SECOND) ** passed
        self.bitrate = max(self.bitrate, min(risen, self._reach * self._peak + HEADROOM, self._ceiling))

    def _stands(self, now: float, round_trip: float) -> bool:
        """Tell whether a queue stands that has had its time to drain; one that no fall shortens is the path's own."""
        standing = self._trend.standing
        if standing < STANDING_MS:
            self._stubborn = 0
            self._stood = 0.0
            return False
        if now - self.fell < 0.3 + round_trip or now - self._drained < DRAIN_SECONDS + round_trip:
            return False
        shrinks, lasts = 0 < standing < 0.9 * self._stood, standing >= 0.9 * self._stood > 0
        self._stubborn = self._stubborn + 1 if lasts else 0
        self._stood = standing
        if shrinks:
            return False
        self._drained = now
        if self._stubborn < PATIENCE:
            return True
        self._trend.accept()
        self._stubborn = 0
        return False

    def _fall(self, bitrate: float, now: float) -> None:
        self.fell = now
        self.bitrate = max(float(FLOOR), min(self.bitrate, bitrate))
