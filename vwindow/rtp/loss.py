"""Which packets of one stream are missing, and when to ask for them again."""

from vwindow.rtp.playout import Leg

MISSING_LIMIT = 256
ATTEMPTS = 14
WAITS = (0.3, 0.8)
"""Round trips between asking and asking again, in turn. The early one is for a request that was lost itself: a browser
answers the same request once a round trip, so it costs nothing when the first was heard."""
BACK_OFF = 4
"""Attempts after which the waits double; again after twice as many."""
MAX_AGE = 1.0
TOO_SOON = 1.25
"""By how much we wait longer when an answer came after the third request."""
REORDERED = 0.02
"""Seconds within which a packet that comes by itself was overtaken, not lost."""
GUESSED_REPAIR = 0.1
"""Seconds that a repair takes while none came by a repair stream."""


class LossTracker:
    """Remember gaps of one stream, bounded to 256 numbers; the oldest are given up first.

    A gap is asked for at once (repair within one round trip) and twice in each round trip, later less often; at
    most 14 times and not after one second: later the picture has moved on.
    """

    __slots__ = ("_first", "_highest", "_lost", "_missing", "_next", "answer_time", "given_up")

    def __init__(self) -> None:
        self._first = -1
        self._highest = -1
        self._lost = 0
        self._missing: dict[int, tuple[float, float, int]] = {}  # number → (since, due, attempts)
        self._next = 0.0  # before this nothing is due: asking must not cost a walk through all gaps for each packet
        self.answer_time = 0.0
        """Seconds from asking to the repair, smoothed; 0 while none came by a repair stream."""
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._missing)

    @property
    def leg(self) -> Leg:
        """Return what was lost at first, of how many, and how long a repair takes."""
        return Leg(self._lost, self._highest - self._first, self.answer_time or GUESSED_REPAIR)

    def answer(self, number: int, now: float) -> None:
        """Note the arrival of a number by a repair stream: it was asked for."""
        missing = self._missing.pop(number, None)
        if missing is None or missing[2] == 0:
            return
        passed = now - missing[0]
        if not self.answer_time:
            self.answer_time = passed
        elif missing[2] > len(WAITS):
            # Lost once more, or we expect answers before they can be here.
            self.answer_time = min(passed, TOO_SOON * self.answer_time)
        else:
            # Browsers also send old packets again to try a path out: what comes very early was no answer.
            weight = 0.2 if passed > self.answer_time / 2 else 0.02
            self.answer_time += (passed - self.answer_time) * weight

    def take(self, number: int, now: float) -> bool:
        """Note the arrival of an extended number; return False when a gap is too long to repair."""
        highest = self._highest
        if number == highest + 1:
            self._highest = number
            return True
        if number <= highest:
            missing = self._missing.pop(number, None)
            if missing is not None and now - missing[0] < REORDERED:
                self._lost -= 1
            return True
        self._highest = number
        if highest < 0:
            self._first = number
            return True
        self._lost += number - highest - 1
        if number - highest > MISSING_LIMIT:
            self.given_up += len(self._missing) + number - highest - 1
            self._missing.clear()
            return False
        self._next = now
        for lost in range(highest + 1, number):
            self._missing[lost] = (now, now, 0)
        while len(self._missing) > MISSING_LIMIT:
            del self._missing[next(iter(self._missing))]
            self.given_up += 1
        return True

    def due(self, now: float, round_trip: float) -> list[int]:
        """Return the extended numbers to ask for now, in order; give up the old ones."""
        if not self._missing or now < self._next:
            return []
        wanted = []
        following = now + MAX_AGE
        for number, (since, due, attempts) in list(self._missing.items()):
            if attempts >= ATTEMPTS or now - since > MAX_AGE:
                del self._missing[number]
                self.given_up += 1
            elif due <= now:
                due = now + WAITS[attempts & 1] * round_trip * (1 << min(2, attempts // BACK_OFF))
                self._missing[number] = (since, due, attempts + 1)
                wanted.append(number)
                following = min(following, due)
            else:
                following = min(following, due)
        self._next = following
        return wanted
