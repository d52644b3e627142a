"""Between the pages on this machine and the server: namespace /page."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import socketio
from pydantic import ValidationError

from kiosk_agent.page_guard import PageGuard
from kiosk_agent.rate import Bucket
from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import PAGE_TO_AGENT, LinkState

log = logging.getLogger(__name__)

NAMESPACE = "/page"
MAX_PAGES = 4
EVENTS_PER_SECOND, EVENT_BURST = 10.0, 40.0
REFUSALS_BEFORE_GOODBYE = 200
OUTBOX = 256
"""Events on their way to the pages; when it is full, all are dropped and the mirror is asked for instead."""


class Uplink(Protocol):
    """What the bridge needs of the link."""

    @property
    def state(self) -> LinkState: ...

    async def emit(self, event: str, payload: wire.Wire) -> wire.Ack: ...


@dataclass(slots=True)
class Page:
    """One connected page."""

    bucket: Bucket
    refusals: int = 0


@dataclass(slots=True)
class Told:
    """What a page that connects now has missed."""

    mirror: wire.KioskMirror | None = None
    link: LinkState = field(default_factory=lambda: LinkState(up=False, reason="unreachable"))


class Bridge(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio ships no types
    """Pass the page's events up and the server's down; every word is checked against its model on the way."""

    def __init__(
        self,
        guard: PageGuard,
        link: Uplink,
        tasks: TaskSet,
        pages_changed: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(NAMESPACE)
        self._guard = guard
        self._link = link
        self._tasks = tasks
        self._pages_changed = pages_changed
        self._monotonic = monotonic
        self._pages: dict[str, Page] = {}
        self._told = Told(link=link.state)
        self._outbox: asyncio.Queue[tuple[str, wire.Wire]] = asyncio.Queue(OUTBOX)

    @property
    def pages(self) -> int:
        """How many pages are connected."""
        return len(self._pages)

    async def run(self) -> None:
        """Send what is in the outbox until cancelled."""
        while True:
            event, payload = await self._outbox.get()
            await self.emit(event, payload.model_dump(mode="json"), namespace=NAMESPACE)

    def pass_down(self, event: str, payload: wire.Wire) -> None:
        """Send an event to all pages, in order; never waits."""
        if isinstance(payload, wire.KioskMirror):
            self._told.mirror = payload
        elif isinstance(payload, wire.KioskCall) and self._told.mirror is not None:
            self._told.mirror = self._told.mirror.model_copy(update={"call": payload})
        elif isinstance(payload, LinkState):
            self._told.link = payload
        if not self._pages:
            return
        try:
            self._outbox.put_nowait((event, payload))
        except asyncio.QueueFull:
            log.warning("the pages are slow: %d events dropped, the mirror is asked for", self._outbox.qsize())
            while not self._outbox.empty():
                self._outbox.get_nowait()
            self._outbox.put_nowait(("link.changed", self._told.link))
            self._tasks.start(self._ask_mirror(), "mirror")

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Entry point of python-socketio for this namespace."""
        if event == "connect":
            return self._connect(str(args[0]), args[2] if len(args) > 2 else None)
        if event == "disconnect":
            return self._disconnect(str(args[0]))
        return await self._event(event, str(args[0]), args[1:])

    def _connect(self, sid: str, auth: object) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not self._guard.knows(token):
            raise socketio.exceptions.ConnectionRefusedError("bad_token")
        if len(self._pages) >= MAX_PAGES:
            raise socketio.exceptions.ConnectionRefusedError("too_many")
        self._pages[sid] = Page(Bucket(EVENTS_PER_SECOND, EVENT_BURST, self._monotonic()))
        self._tasks.start(self._welcome(sid), "welcome")
        self._pages_changed()

    def _disconnect(self, sid: str) -> None:
        if self._pages.pop(sid, None) is not None:
            self._pages_changed()

    async def _welcome(self, sid: str) -> None:
        await self.emit("link.changed", self._told.link.model_dump(mode="json"), to=sid, namespace=NAMESPACE)
        if self._told.link.up and await self._ask_mirror():
            return
        if self._told.mirror is not None:
            mirror = self._told.mirror.model_dump(mode="json")
            await self.emit("kiosk.mirror", mirror, to=sid, namespace=NAMESPACE)

    async def _ask_mirror(self) -> bool:
        return (await self._link.emit("mirror.ask", wire.Empty())).ok

    async def _event(self, event: str, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        page = self._pages.get(sid)
        if page is None:
            return _ack("bad_token")
        if not page.bucket.take(self._monotonic()):
            return await self._refuse(sid, page, "too_many", retryable=True)
        model = PAGE_TO_AGENT.get(event)
        if model is None:
            return await self._refuse(sid, page, "unknown_event")
        try:
            if len(args) > 1:
                raise ValueError("one payload at most")
            payload = model.model_validate(args[0] if args else {})
        except (ValidationError, ValueError):
            return await self._refuse(sid, page, "bad_payload")
        if isinstance(payload, wire.MediaOffer | wire.PathReport) and payload.part != "page":
            return await self._refuse(sid, page, "bad_part")
        return (await self._link.emit(event, payload)).model_dump(mode="json")

    async def _refuse(self, sid: str, page: Page, code: str, *, retryable: bool = False) -> dict[str, Any]:
        page.refusals += 1
        if page.refusals == REFUSALS_BEFORE_GOODBYE:
            log.warning("a page sends only what is refused; its connection is ended")
            await self.disconnect(sid, namespace=NAMESPACE)
        return _ack(code, retryable=retryable)


def _ack(code: str, *, retryable: bool = False) -> dict[str, Any]:
    error = wire.WireError(code=code, retryable=retryable)
    return wire.Ack(ok=False, error=error).model_dump(mode="json")
