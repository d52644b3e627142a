"""Reading of a bit stream."""


class Bits:
    """Give bits from the highest of the first byte on; IndexError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, count: int) -> int:
        """Return the next `count` bits as a number."""
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3]
            value = value << 1 | byte >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def exp_golomb(self) -> int:
        """Return an unsigned Exp-Golomb number (H.264 §9.1); IndexError also for one of more than 32 bits."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise IndexError("no such number")
        return (1 << zeros) - 1 + self.read(zeros)
