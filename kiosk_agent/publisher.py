"""When the face camera is sent: while a call connects and talks, on a connection that is replaced when it dies."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from kiosk_agent.tasks import TaskSet
from signaling import wire

log = logging.getLogger(__name__)

PUBLISHING = ("connecting", "talking")
ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 8.0
SILENCE_SECONDS = 3.0
"""The worker reports at least once a second, also to peers that only send."""
LOOK_SECONDS = 0.5
FIRST_DELAY, MAX_DELAY = 0.2, 5.0


class Connection(Protocol):
    """A media connection as the publisher needs it."""

    @property
    def state(self) -> str: ...

    @property
    def path(self) -> wire.Path | None: ...

    async def offer(self) -> str: ...

    async def answer(self, sdp: str) -> None: ...

    async def received(self) -> int: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Times:
    """How long the publisher waits, in seconds."""

    answer: float = ANSWER_SECONDS
    connect: float = CONNECT_SECONDS
    silence: float = SILENCE_SECONDS
    look: float = LOOK_SECONDS
    first_delay: float = FIRST_DELAY
    max_delay: float = MAX_DELAY


class GaveUp(Exception):
    """Say that the offer was refused for good: this call has no picture from here."""


class Publisher:
    """Keep one publishing connection for the call that wants one."""

    def __init__(
        self,
        connect: Callable[[Callable[[], None]], Connection],
        emit: Callable[[str, wire.Wire], Awaitable[wire.Ack]],
        link_up: asyncio.Event,
        tasks: TaskSet,
        *,
        errors: tuple[type[Exception], ...] = (),
        times: Times | None = None,
    ) -> None:
        """`connect` makes a connection and is given what to call at its changes; `errors` are what one may raise."""
        self._connect = connect
        self._emit = emit
        self._link_up = link_up
        self._tasks = tasks
        self._errors: tuple[type[Exception], ...] = (TimeoutError, *errors)
        self._times = times or Times()
        self._call: str | None = None
        self._media = 0
        self._work: asyncio.Task[None] | None = None
        self._closing = TaskSet("media closing")
        self._answer: asyncio.Future[wire.MediaAnswer | wire.MediaRefused] | None = None
        self._changed = asyncio.Event()
        self._renew = False
        self.path: wire.Path | None = None
        """Which way the picture takes now."""
        self.state = "off"
        """off, offering, connecting, sending or refused: for the state page."""

    def follow(self, call: wire.KioskCall | None) -> None:
        """Learn where the call stands; starts or ends the sending, and begins anew in another room of the call."""
        wanted = call.call if call is not None and call.phase in PUBLISHING else None
        media = call.media if call is not None else 0
        if wanted == self._call and (wanted is None or media == self._media):
            return
        self._call, self._media = wanted, media
        if self._work is not None:
            self._work.cancel()
        self._work = None
        self.path = None
        self.state = "off"
        if wanted is not None:
            self._work = self._tasks.start(self._publish(wanted), f"publish:{wanted}")

    async def close(self) -> None:
        """Stop sending and wait until the connection is closed."""
        work = self._work
        self.follow(None)
        if work is not None:
            await asyncio.wait({work})
        await self._closing.drain()

    def take(self, told: wire.MediaAnswer | wire.MediaRefused) -> None:
        """Take the worker's answer to our offer; one that nobody waits for is dropped."""
        if told.part == "agent" and told.call == self._call and self._answer and not self._answer.done():
            self._answer.set_result(told)

    def renew(self) -> None:
        """Make a new connection: the address that the old one uses may be gone."""
        self._renew = True
        self._changed.set()

    def tell_path(self) -> None:
        """Tell the server which way the picture takes; again when it may have forgotten."""
        if self._call is not None and self.path is not None:
            report = wire.PathReport(call=self._call, part="agent", path=self.path)
            self._tasks.start(self._report(report), "path")

    async def _report(self, report: wire.PathReport) -> None:
        ack = await self._emit("media.path", report)
        if not ack.ok:
            log.debug("the path was not taken note of: %s", ack.error.code if ack.error else "")

    def _look_at_path(self, connection: Connection, call: str) -> None:
        path = connection.path
        if path is not None and path != self.path:
            self.path = path
            log.info("the picture goes by %s", path, extra={"call": call})
            self.tell_path()

    async def _publish(self, call: str) -> None:
        delay = self._times.first_delay
        while True:
            await self._link_up.wait()
            self._changed.clear()
            self._renew = False
            connection = self._connect(self._changed.set)
            try:
                await self._set_up(connection, call)
                self.state = "sending"
                log.info("face camera is sent", extra={"call": call})
                delay = self._times.first_delay
                self.path = None
                await self._watch(connection, call)
                log.warning("media connection is lost: making a new one", extra={"call": call})
            except GaveUp as error:
                self.state = "refused"
                log.error("the face camera is not sent: %s", error, extra={"call": call})
                return
            except self._errors as error:
                log.warning("no media connection: %s", str(error) or "no answer", extra={"call": call})
            finally:
                self._answer = None
                # Closing half a connection would leave its sockets open: a second cancellation must not stop it.
                await asyncio.shield(self._closing.start(connection.close(), "close"))
            self.state = "offering"
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._times.max_delay)

    async def _set_up(self, connection: Connection, call: str) -> None:
        """Offer, wait for the answer, wait until connected; raises GaveUp, TimeoutError or one of `errors`."""
        self.state = "offering"
        answer = self._answer = asyncio.get_running_loop().create_future()
        sdp = await connection.offer()
        ack = await self._emit("media.offer", wire.MediaOffer(call=call, part="agent", sdp=sdp))
        if not ack.ok:
            self._refused(ack.error)
        async with asyncio.timeout(self._times.answer):
            told = await answer
        if isinstance(told, wire.MediaRefused):
            self._refused(told.error)
        else:
            self.state = "connecting"
            await connection.answer(told.sdp)
            async with asyncio.timeout(self._times.connect):
                while connection.state != "connected":
                    if connection.state in ("failed", "closed"):
                        raise TimeoutError("the connection failed")
                    await self._changed.wait()
                    self._changed.clear()

    async def _watch(self, connection: Connection, call: str) -> None:
        """Return when the connection is dead: it says so, or nothing came from the worker for too long."""
        loop = asyncio.get_running_loop()
        heard, last = await connection.received(), loop.time()
        while connection.state == "connected" and not self._renew:
            self._look_at_path(connection, call)
            try:
                async with asyncio.timeout(self._times.look):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            now = await connection.received()
            if now != heard:
                heard, last = now, loop.time()
            elif loop.time() - last > self._times.silence:
                return

    def _refused(self, error: wire.WireError | None) -> None:
        code = error.code if error else "refused"
        if error is not None and error.retryable:
            raise TimeoutError(code)
        raise GaveUp(code)
