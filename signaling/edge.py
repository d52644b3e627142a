"""What both namespaces do with an event: limit, parse, post, acknowledge. Nothing here waits for more."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import socketio
from pydantic import ValidationError

from signaling import wire
from signaling.rate import Bucket
from vwindow.clock import Clock
from vwindow.errors import Refused, VWindowError

log = logging.getLogger(__name__)

EVENTS_PER_SECOND = 20.0
EVENT_BURST = 60.0
REFUSALS_BEFORE_GOODBYE = 200
"""A connection that goes on sending what is refused is a broken or hostile client."""

Handler = Callable[[str, Any], Awaitable[str | None]]
"""Gets the connection's owner (kiosk or staff id) and the parsed payload; may return a call id."""


@dataclass(slots=True)
class Guest:
    """An authenticated connection."""

    owner: str
    bucket: Bucket
    token: str = ""
    refusals: int = 0


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

    def __init__(self, namespace: str, models: Mapping[str, type[wire.Wire]], clock: Clock, limit: int = 2000) -> None:
        super().__init__(namespace)
        self._models = models
        self._clock = clock
        self._limit = limit
        self._guests: dict[str, Guest] = {}
        self._handlers: dict[str, Handler] = {}

    def owners(self) -> set[str]:
        """Return who is connected."""
        return {guest.owner for guest in self._guests.values()}

    def handle(self, event: str, handler: Handler) -> None:
        """Enter a handler into the table; the event must be on the wire."""
        if event not in self._models:
            raise KeyError(event)
        self._handlers[event] = handler

    async def admit(self, environ: Mapping[str, Any], auth: object) -> Guest:
        """Authenticate a connection; raise Refused."""
        raise NotImplementedError

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
            return await self._disconnect(args[0])
        return await self._event(event, args[0], args[1:])

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object) -> None:
        try:
            if len(self._guests) >= self._limit:
                raise Refused("too_many", retryable=True)
            guest = await self.admit(environ, auth)
        except VWindowError as error:
            log.info("%s: connection refused: %s", self.namespace, error.code)
            raise refused(error) from error
        first = guest.owner not in self.owners()
        self._guests[sid] = guest
        await self.enter_room(sid, guest.owner)
        log.info("%s: %s connected", self.namespace, guest.owner)
        try:
            await self.arrived(guest.owner, first)
        except VWindowError as error:
            self._guests.pop(sid, None)
            raise refused(error) from error

    async def _disconnect(self, sid: str) -> None:
        guest = self._guests.pop(sid, None)
        if guest is None:
            return
        log.info("%s: %s disconnected", self.namespace, guest.owner)
        if guest.owner not in self.owners():
            await self.left(guest.owner)

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
            call = await handler(guest.owner, payload)
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
            await self.disconnect(sid)
        return failed(code, retryable=retryable)

    async def drop(self, owner: str, token: str | None = None) -> None:
        """End all connections of an owner, or only those that came with `token`."""
        for sid, guest in list(self._guests.items()):
            if guest.owner == owner and token in (None, guest.token):
                await self.disconnect(sid)

    def new_guest(self, owner: str, token: str = "") -> Guest:
        """Return a guest with a full bucket."""
        return Guest(owner, Bucket.full(EVENTS_PER_SECOND, EVENT_BURST, self._clock.monotonic()), token)
