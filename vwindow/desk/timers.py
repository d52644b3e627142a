"""Timers of the call rules: they wait on the loop and come back as events."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from vwindow.calls.effects import StartTimer
from vwindow.calls.events import Event
from vwindow.clock import Clock

log = logging.getLogger(__name__)


class Handle(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None: ...


class Later(Protocol):
    """Call something later; tests bring their own time."""

    def call_later(self, seconds: float, what: Callable[[], None]) -> Handle: ...


class LoopLater:
    """The running loop's time."""

    def call_later(self, seconds: float, what: Callable[[], None]) -> Handle:
        return asyncio.get_running_loop().call_later(seconds, what)


async def pause(later: Later, seconds: float) -> None:
    """Wait on the given time."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    handle = later.call_later(seconds, lambda: None if over.done() else over.set_result(None))
    try:
        await over
    finally:
        handle.cancel()


class Timers:
    """All running timers by key."""

    def __init__(self, later: Later, clock: Clock, post: Callable[[Event], None]) -> None:
        self._later = later
        self._clock = clock
        self._post = post
        self._handles: dict[str, Handle] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def start(self, timer: StartTimer) -> None:
        """Start a timer; its key is new."""

        def fire() -> None:
            self._handles.pop(timer.key, None)
            self._post(replace(timer.event, at=self._clock.now()))

        if timer.key in self._handles:
            log.error("timer %s is started twice", timer.key)
            self.stop(timer.key)
        self._handles[timer.key] = self._later.call_later(timer.seconds, fire)

    def stop(self, key: str) -> None:
        """Stop a timer; one that has just fired is no error: its event is late and does nothing."""
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Stop all."""
        for key in list(self._handles):
            self.stop(key)
