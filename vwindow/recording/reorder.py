"""Packets back into the order in which they were numbered."""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

from vwindow.sfu.ports import Packet

PATIENCE_SECONDS = 2.0
MAX_WAITING = 4096

T = TypeVar("T")


class Reorder(Generic[T]):
    """Order the packets of one numbering; drop copies; wait `PATIENCE_SECONDS` of arrivals for a missing one.

    At most 4,096 packets wait; beyond that the hole is given up. Each packet carries a tag of the caller.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, float, Packet, T]] = []
        self._next: int | None = None
        self._newest = float("-inf")

    def push(self, packet: Packet, tag: T) -> Iterator[tuple[Packet, T]]:
        """Take a packet in arrival order; give those whose turn it is."""
        self._newest = max(self._newest, packet.arrival)
        if self._next is None or packet.seq >= self._next:
            heapq.heappush(self._waiting, (packet.seq, packet.arrival, packet, tag))
        yield from self._release()

    def advance(self, now: float) -> Iterator[tuple[Packet, T]]:
        """Let time pass without a packet."""
        self._newest = max(self._newest, now)
        yield from self._release()

    def flush(self) -> Iterator[tuple[Packet, T]]:
        """Give all that wait, in order."""
        self._newest = float("inf")
        yield from self._release()

    def _release(self) -> Iterator[tuple[Packet, T]]:
        waiting = self._waiting
        while waiting:
            seq, arrival, packet, tag = waiting[0]
            if self._next is not None and seq < self._next:
                heapq.heappop(waiting)
                continue
            patient = self._newest - arrival <= PATIENCE_SECONDS and len(waiting) <= MAX_WAITING
            if seq != self._next and patient:
                return
            heapq.heappop(waiting)
            self._next = seq + 1
            yield packet, tag
