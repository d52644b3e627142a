"""What both namespaces do with an event: limit, parse, post, acknowledge. Nothing here waits for more."""

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import socketio
from pydantic import ValidationError

from signaling import wire
from signaling.guest import Guest, new_guest
from signaling.rate import Bucket
from vwindow.clock import Clock
from vwindow.errors import Refused, Unavailable, VWindowError

log = logging.getLogger(__name__)

REFUSALS_BEFORE_GOODBYE = 200
"""A connection that goes on sending what is refused is a broken or hostile client."""

ADMIT_SECONDS = 2.0
"""How long the check of a credential may take."""
REFUSALS_LOGGED = 20.0
"""Refused connections that are logged at once; after that one a second."""


Handler = Callable[[Guest, Any], Awaitable[str | None]]
"""Gets the connection and the parsed payload; may return a call id."""


def failed(code: str, *, retryable: bool = False) -> dict[str, Any]:
    """Return a negative acknowledgement."""
    return wire.Ack(ok=False, error=wire.WireError(code=code, retryable=retryable)).model_dump(mode="json")


def refused(error: VWindowError) -> Exception:
    """Return the exception that refuses a connection: the message is the code."""
    return socketio.exceptions.ConnectionRefusedError(  # type: ignore[no-any-return]
        error.code, {"code": error.code, "retryable": error.retryable}
    )


class Edge(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio ships no types
    """One namespace: authenticates a connection, then dispatches its events by table."""

    def __init__(
        self,
        namespace: str,
        models: Mapping[str, type[wire.Wire]],
        clock: Clock,
        *,
        limit: int = 2000,
        per_owner: int = 1,
        admit_seconds: float = ADMIT_SECONDS,
    ) -> None:
        super().__init__(namespace)
        self._models = models
        self._clock = clock
        self._limit = limit
        self._per_owner = per_owner
        self._admit_seconds = admit_seconds
        self._pending: dict[str, str] = {}
        self._guests: dict[str, Guest] = {}
        self._doors: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._handlers: dict[str, Handler] = {}
        self._log_bucket = Bucket.full(1.0, REFUSALS_LOGGED, clock.monotonic())
        self._not_logged = 0
        self.on_refused: Callable[[str], None] = lambda link: None
        """Told of each refused connection, by its Engine.IO session."""

    def owners(self) -> set[str]:
        """Return who is connected."""
        return {guest.owner for guest in self._guests.values()}

    def links(self) -> set[str]:
        """Return the Engine.IO sessions that were let in."""
        return {guest.link for guest in self._guests.values()}

    def handle(self, event: str, handler: Handler) -> None:
        """Enter a handler into the table; the event must be on the wire."""
        if event not in self._models:
            raise KeyError(event)
        self._handlers[event] = handler

    async def admit(self, environ: Mapping[str, Any], auth: object) -> Guest:
        """Authenticate a connection; raise Refused."""
        raise NotImplementedError

    async def holds(self, guest: Guest) -> bool:
        """Tell whether the guest would be let in again."""
        return True

    async def arrived(self, owner: str, first: bool) -> None:
        """Act on a new connection of an owner; `first` when it is the only one."""
        raise NotImplementedError

    async def left(self, owner: str) -> None:
        """Act on the end of an owner's last connection."""
        raise NotImplementedError

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Entry point of python-socketio for this namespace."""
        if event == "connect":
            return await self._connect(args[0], args[1], args[2] if len(args) > 2 else None)
        if event == "disconnect":
            return await self._depart(args[0])
        return await self._event(event, args[0], args[1:])

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object) -> None:
        # Kept before the first wait: Socket.IO itself tells nobody of a link that dies while it is being let in.
        link = self._pending[sid] = str(self.server.manager.eio_sid_from_sid(sid, self.namespace))
        try:
            try:
                guest = await self._admitted(environ, auth)
            finally:
                alive = self._pending.pop(sid, None) is not None
            if not alive:
                raise Refused("gone")
            guest.sid, guest.link = sid, link
            self._guests[sid] = guest
            await self._arrive(guest)
        except VWindowError as error:
            self._log_refusal(error.code)
            self.on_refused(link)
            raise refused(error) from error
        log.info("%s: %s connected", self.namespace, guest.owner)
        await self._thin(guest)

    async def _admitted(self, environ: Mapping[str, Any], auth: object) -> Guest:
        if len(self._guests) + len(self._pending) > self._limit:
            raise Refused("too_many", retryable=True)
        try:
            async with asyncio.timeout(self._admit_seconds):
                return await self.admit(environ, auth)
        except TimeoutError as error:
            raise Unavailable("no_answer") from error

    async def _arrive(self, guest: Guest) -> None:
        """Tell the desk of a new guest; one at a time for each owner, so that `first` is true for the first alone."""
        try:
            await self.enter_room(guest.sid, guest.owner)
            door = self._doors.setdefault(guest.owner, asyncio.Lock())
            async with door:
                first = not any(other.here for other in self._of(guest.owner))
                await self.arrived(guest.owner, first)
                guest.here = True
        except VWindowError:
            await self._depart(guest.sid)
            raise
        if guest.sid not in self._guests:
            # It died meanwhile; what `arrived` brought about has to go again.
            if not self._of(guest.owner):
                await self.left(guest.owner)
            raise Refused("gone")

    async def _thin(self, guest: Guest) -> None:
        """End the oldest connections of an owner who has more than are allowed."""
        for old in self._of(guest.owner)[: -self._per_owner]:
            log.info("%s: %s connected once more, its oldest connection ends", self.namespace, old.owner)
            await self._end(old.sid)

    def _of(self, owner: str) -> list[Guest]:
        return [guest for guest in self._guests.values() if guest.owner == owner]

    def _log_refusal(self, code: str) -> None:
        if not self._log_bucket.take(self._clock.monotonic()):
            self._not_logged += 1
            return
        more = f" (and {self._not_logged} more)" if self._not_logged else ""
        self._not_logged = 0
        log.info("%s: connection refused: %s%s", self.namespace, code, more)

    async def gone(self, link: str) -> None:
        """Take in that an Engine.IO session ended, at whatever point its connections are."""
        for sid in [sid for sid, under in self._pending.items() if under == link]:
            del self._pending[sid]
        for guest in [guest for guest in self._guests.values() if guest.link == link]:
            await self._depart(guest.sid)

    async def _depart(self, sid: str) -> None:
        guest = self._guests.pop(sid, None)
        if guest is None:
            return
        log.info("%s: %s disconnected", self.namespace, guest.owner)
        if not self._of(guest.owner):
            await self.left(guest.owner)

    async def _oust(self, guest: Guest) -> None:
        """Have a connection hear and do nothing from now on; its session, in use by nobody, ends soon after."""
        await self.leave_room(guest.sid, guest.owner)
        await self._depart(guest.sid)

    async def _end(self, sid: str) -> None:
        """End a connection; it is nobody's from now on, whenever its client takes note."""
        await self._depart(sid)
        await self.disconnect(sid)

    async def _event(self, event: str, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        guest = self._guests.get(sid)
        if guest is None:
            return failed("not_signed_in")
        if not guest.bucket.take(self._clock.monotonic()):
            return await self._refuse(sid, guest, "too_many", retryable=True)
        model, handler = self._models.get(event), self._handlers.get(event)
        if model is None or handler is None:
            return await self._refuse(sid, guest, "unknown_event")
        try:
            payload = model.model_validate(args[0] if args else {})
        except ValidationError:
            return await self._refuse(sid, guest, "bad_payload")
        try:
            call = await handler(guest, payload)
        except VWindowError as error:
            return failed(error.code, retryable=error.retryable)
        except Exception:
            log.exception("%s: handler of %s is broken", self.namespace, event)
            return failed("broken")
        return wire.Ack(ok=True, call=call).model_dump(mode="json")

    async def _refuse(self, sid: str, guest: Guest, code: str, *, retryable: bool = False) -> dict[str, Any]:
        guest.refusals += 1
        if guest.refusals == REFUSALS_BEFORE_GOODBYE:
            log.warning("%s: %s sends only what is refused; connection ended", self.namespace, guest.owner)
            await self._end(sid)
        return failed(code, retryable=retryable)

    async def drop(self, owner: str, token: str | None = None) -> None:
        """End all connections of an owner, or only those that came with `token`."""
        for sid, guest in list(self._guests.items()):
            if guest.owner == owner and token in (None, guest.token):
                await self._end(sid)

    async def recheck(self) -> None:
        """End the connections whose credential holds no longer; an outage of the register ends none."""
        for guest in list(self._guests.values()):
            try:
                holds = await self.holds(guest)
            except VWindowError as error:
                log.warning("%s: credentials not checked again: %s", self.namespace, error.code)
                return
            if not holds:
                log.info("%s: %s is let in no longer", self.namespace, guest.owner)
                await self._end(guest.sid)

    def new_guest(self, owner: str, token: str = "") -> Guest:
        """Return a guest with a full bucket."""
        return new_guest(owner, token, self._clock.monotonic())
