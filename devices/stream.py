"""Events of a device to any number of readers: each has its own bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Event = TypeVar("Event")

MAX_WAITING = 32


class Subscription(Generic[Event]):
    """One reader; when it is slow the oldest events are dropped and counted."""

    def __init__(self, closed: Callable[["Subscription[Event]"], None]) -> None:
        self._closed = closed
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._fresh = asyncio.Event()
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Queue an event; never waits."""
        if len(self._waiting) == MAX_WAITING:
            self.dropped += 1
        self._waiting.append(event)
        self._fresh.set()

    async def next(self) -> Event:
        """Wait for the next event; one that was cancelled meanwhile loses nothing."""
        while not self._waiting:
            self._fresh.clear()
            await self._fresh.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Read no more; idempotent."""
        self._waiting.clear()
        self._closed(self)


class Stream(Generic[Event]):
    """Where a driver puts its events; `wanted` is called when the first reader comes and the last one goes."""

    def __init__(self, wanted: Callable[[bool], None] = lambda _: None) -> None:
        self._wanted = wanted
        self._readers: set[Subscription[Event]] = set()

    @property
    def readers(self) -> int:
        return len(self._readers)

    def subscribe(self) -> Subscription[Event]:
        """Return a new reader of what comes from now on."""
        reader: Subscription[Event] = Subscription(self._drop)
        self._readers.add(reader)
        if len(self._readers) == 1:
            self._wanted(True)
        return reader

    def put(self, event: Event) -> None:
        """Give an event to all readers; never waits."""
        for reader in self._readers:
            reader.put(event)

    def _drop(self, reader: Subscription[Event]) -> None:
        if reader in self._readers:
            self._readers.discard(reader)
            if not self._readers:
                self._wanted(False)
