"""Numbers and times that go on when what is behind them changes."""

MAX_JUMP = 8192
"""A longer gap is a new start: from half of 16 bits on, a receiver would count its cycles wrongly."""

LATE_LIMIT = 1000
"""How far behind the newest a packet may be: SRTP keeps a window of 1,024 numbers."""


class SeqMap:
    """Map (number, time) of what comes to what goes out: out = in + offset.

    Holes stay holes: a packet that comes late still has its place. Only a switch closes up. A packet
    from before the switch has no number, and a place is given once, so one out-number never stands for two packets.
    """

    __slots__ = ("_arrival", "_base", "_holes", "_rate", "_started", "_time", "highest", "offset", "time_offset")

    def __init__(self, clock_rate: int, *, first: int, first_time: int) -> None:
        self._rate = clock_rate
        self._started = False
        self.highest = first - 1
        self._time = first_time
        self._arrival = 0.0
        self._base = 0
        self._holes: set[int] = set()
        self.offset = 0
        self.time_offset = 0

    def switch(self, number: int, timestamp: int, now: float) -> None:
        """Make `number` of a new stream the next out-number; the time goes on by what has passed."""
        passed = max(1, round((now - self._arrival) * self._rate)) if self._started else 0
        self._started = True
        self._base = number
        self.offset = self.highest + 1 - number
        self.time_offset = (self._time + passed - timestamp) & 0xFFFFFFFF

    def map(self, number: int, timestamp: int, now: float) -> int | None:
        """Return the out-number, None for a packet that is too late to have one or came before."""
        if number < self._base:
            return None
        out = number + self.offset
        highest = self.highest
        if out > highest:
            if out > highest + 1:
                self._skip(highest + 1, out)
            self.highest = out
            self._time = (timestamp + self.time_offset) & 0xFFFFFFFF
            self._arrival = now
        elif out in self._holes:
            self._holes.discard(out)
            if out <= highest - LATE_LIMIT:
                return None
        else:
            return None
        return out

    def _skip(self, first: int, end: int) -> None:
        self._holes.update(range(max(first, end - LATE_LIMIT), end))
        if len(self._holes) > LATE_LIMIT:
            self._holes = {hole for hole in self._holes if hole > end - LATE_LIMIT}

    def jumps(self, number: int) -> bool:
        """Tell whether `number` is so far ahead that it must be taken as a new start."""
        return number + self.offset - self.highest > MAX_JUMP

    def map_time(self, timestamp: int) -> int:
        """Return the out-time of a 32-bit RTP time."""
        return (timestamp + self.time_offset) & 0xFFFFFFFF
