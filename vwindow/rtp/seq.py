"""Sequence numbers that never wrap."""


class Unwrapper:
    """Turn 16-bit sequence numbers into extended ones, by the shortest way from the highest seen.

    The first number is put one cycle up, so that packets overtaken by it do not become negative.
    """

    __slots__ = ("_started", "highest")

    def __init__(self) -> None:
        self._started = False
        self.highest = 0

    def take(self, seq: int) -> int:
        """Return the extended number of `seq` (0 to 65535) and remember the highest."""
        if not self._started:
            self._started = True
            self.highest = seq + 0x10000
            return self.highest
        ahead = (seq - self.highest) & 0xFFFF
        if ahead < 0x8000:
            self.highest += ahead
            return self.highest
        return self.highest + ahead - 0x10000


def extend(seq: int, near: int) -> int:
    """Return the extended number of 16-bit `seq` that is nearest to the extended number `near`."""
    ahead = (seq - near) & 0xFFFF
    return near + ahead if ahead < 0x8000 else near + ahead - 0x10000
