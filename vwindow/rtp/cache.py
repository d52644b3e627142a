"""The last packets that were sent, for those who missed one."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """Keep the last packets by extended number; a new packet drops the one `size` numbers older.

    `size` is a power of two.
    """

    __slots__ = ("_mask", "_numbers", "_packets")

    def __init__(self, size: int) -> None:
        if size < 1 or size & (size - 1):
            raise ValueError("size must be a power of two")
        self._mask = size - 1
        self._numbers = [-1] * size
        self._packets: list[T | None] = [None] * size

    def put(self, number: int, packet: T) -> None:
        """Keep a packet; a late one never displaces a newer one."""
        at = number & self._mask
        if self._numbers[at] <= number:
            self._numbers[at] = number
            self._packets[at] = packet

    def get(self, number: int) -> T | None:
        """Return the packet with this extended number, None when it is not here (any more)."""
        at = number & self._mask
        return self._packets[at] if self._numbers[at] == number else None
