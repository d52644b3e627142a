"""A token bucket: how many events a connection may send."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Hold at most `burst` tokens, refilled at `rate` a second."""

    rate: float
    burst: float
    tokens: float
    updated: float

    @classmethod
    def full(cls, rate: float, burst: float, now: float) -> "Bucket":
        """Return a bucket that is full at `now` (monotonic seconds)."""
        return cls(rate, burst, burst, now)

    def take(self, now: float) -> bool:
        """Take one token; return False when there is none."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.updated) * self.rate)
        self.updated = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
