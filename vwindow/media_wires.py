"""One connection to a media worker's control socket or port: orders with replies, events to a callback."""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from vwindow.errors import Refused, Unavailable
from vwindow.sfu import control
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

ORDER_SECONDS = 5.0
CONNECT_SECONDS = 3.0
GOODBYE_SECONDS = 1.0

Hear = Callable[[control.Event], None]


class Wires:
    """Requests by number, each with its reply; what carries no number is an event."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next = 0
        self._waiting: dict[int, asyncio.Future[control.Reply]] = {}
        self.over = False
        """Whether the worker has gone away."""
        self.broke = ""
        """What ended the connection, when it was not the worker's own doing."""
        self.reading: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, path: Path) -> "Wires":
        """Connect to a worker's socket; raise OSError."""
        reader, writer = await asyncio.open_unix_connection(str(path), limit=control.MAX_LINE_BYTES)
        return cls(reader, writer)

    @classmethod
    async def connect_tls(cls, host: str, port: int, context: ssl.SSLContext, name: str) -> "Wires":
        """Connect to a worker of another machine whose certificate has a name; raise OSError."""
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                host,
                port,
                ssl=context,
                server_hostname=name,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
                limit=control.MAX_LINE_BYTES,
            )
        return cls(reader, writer)

    @property
    def peer(self) -> int:
        """Return the process at the other end of a socket, as the kernel knows it."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def read(self, tasks: TaskSet, hear: Hear) -> None:
        """Sort what comes until the worker goes away; once, before the first order."""
        self.reading = tasks.start(self._read(hear), "events")

    async def _read(self, hear: Hear) -> None:
        try:
            while line := await self._reader.readline():
                message = _read(line)
                if message is None:
                    log.error("the worker said what is not in its protocol")
                elif isinstance(message, control.Reply):
                    waiting = self._waiting.pop(message.id, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                else:
                    hear(message)
        except (OSError, ValueError) as error:
            self.broke = str(error) or type(error).__name__
            log.info("control connection: %s", self.broke)
        finally:
            self.over = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Unavailable("worker_lost"))
            self._waiting.clear()
            self._writer.close()

    async def ask(self, order: control.Order, seconds: float | None = None) -> control.Reply:
        """Give an order and wait for the reply, 5 s unless told otherwise; raise Refused or Unavailable."""
        if self.over:
            raise Unavailable("worker_lost")
        self._next += 1
        number = self._next
        future: asyncio.Future[control.Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            # Writing waits too when the other end takes nothing any more.
            async with asyncio.timeout(seconds or ORDER_SECONDS):
                self._writer.write(control.Request(id=number, order=order).model_dump_json().encode() + b"\n")
                await self._writer.drain()
                reply = await future
        except (OSError, TimeoutError) as error:
            raise Unavailable("worker_lost", str(error)) from error
        finally:
            self._waiting.pop(number, None)
        if reply.code:
            raise Unavailable(reply.code) if reply.retryable else Refused(reply.code, reply.message)
        return reply

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Hang up without a word: the other end does not listen."""
        self._writer.transport.abort()


def _read(line: bytes) -> control.Reply | control.Event | None:
    """Return a message; of a reply in another version's words what can be understood, of an event None."""
    try:
        return control.FROM_WORKER.validate_json(line)
    except ValidationError:
        pass
    try:
        found = json.loads(line)
        known = {name: found[name] for name in ("id", "code", "protocol", "rooms") if name in found}
        return control.Reply.model_validate(known)
    except (ValueError, TypeError):
        return None
