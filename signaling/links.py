"""Engine.IO sessions: what lies under the namespaces and costs memory and descriptors before anybody is let in."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import socketio

from vwindow.clock import Clock

log = logging.getLogger(__name__)

BARE_SECONDS = 5.0
"""How long a session may be in no namespace."""
REFUSALS = 3
"""Refused CONNECTs that end a session."""
CLOSE_SECONDS = 2.0
"""How long the farewell to one session may take."""


@dataclass(slots=True)
class Link:
    """One Engine.IO session; `used` is when it was last in a namespace (monotonic seconds)."""

    address: str
    used: float
    refusals: int = 0


class Links:
    """Count the sessions of each address, end those that nobody uses, tell when one is gone.

    python-socketio tells of the end of a connection only when it was already let in, so the events of the layer
    below are listened to as well.
    """

    def __init__(
        self, server: socketio.AsyncServer, clock: Clock, let_in: Callable[[], Iterable[str]], per_address: int
    ) -> None:
        self._engine = server.eio
        self._clock = clock
        self._let_in = let_in
        self._per_address = per_address
        self._links: dict[str, Link] = {}
        self._addresses: Counter[str] = Counter()
        self._inner: dict[str, Callable[..., Awaitable[Any]]] = {
            event: self._engine.handlers[event] for event in ("connect", "message", "disconnect")
        }
        self.on_gone: list[Callable[[str], Awaitable[None]]] = []
        for event, handler in (("connect", self._came), ("message", self._said), ("disconnect", self._went)):
            self._engine.on(event, handler)

    def __len__(self) -> int:
        return len(self._links)

    def refused(self, link: str) -> None:
        """Take note that a session asked for a namespace and was refused."""
        if (known := self._links.get(link)) is not None:
            known.refusals += 1

    async def sweep(self) -> None:
        """End the sessions that are in no namespace for too long or were refused too often."""
        now, let_in = self._clock.monotonic(), set(self._let_in())
        over = []
        for sid, link in self._links.items():
            if sid in let_in:
                link.used = now
            elif now - link.used >= BARE_SECONDS or link.refusals >= REFUSALS:
                over.append(sid)
        if over:
            log.info("%d sessions ended that nobody was let in with", len(over))
            await asyncio.gather(*(self._end(sid) for sid in over))

    async def _came(self, sid: str, environ: Mapping[str, Any]) -> bool | None:
        request = environ.get("aiohttp.request")
        address = str(getattr(request, "remote", None) or "")
        if self._addresses[address] >= self._per_address:
            return False
        await self._inner["connect"](sid, environ)
        self._addresses[address] += 1
        self._links[sid] = Link(address, self._clock.monotonic())
        return None

    async def _said(self, sid: str, data: Any) -> None:
        link = self._links.get(sid)
        # A session that is to be ended is not listened to: each refusal would cost a look into the register.
        if link is not None and link.refusals < REFUSALS:
            await self._inner["message"](sid, data)

    async def _went(self, sid: str, reason: str) -> None:
        self._forget(sid)
        try:
            await self._inner["disconnect"](sid, reason)
        finally:
            for tell in self.on_gone:
                await tell(sid)

    async def _end(self, sid: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._engine.disconnect(sid)
        except TimeoutError:
            log.info("a session did not take its farewell")
        finally:
            self._forget(sid)

    def _forget(self, sid: str) -> None:
        link = self._links.pop(sid, None)
        if link is None:
            return
        self._addresses[link.address] -= 1
        if self._addresses[link.address] <= 0:
            del self._addresses[link.address]
