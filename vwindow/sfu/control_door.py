"""Orders from another host: TLS connections on one address, bounded until they have shown who they are."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vwindow.sfu.control import MAX_LINE_BYTES
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 5.0
GOODBYE_SECONDS = 1.0
MAX_STRANGERS = 16
"""Connections without a handshake; above that the oldest is closed: one that is welcome needs milliseconds."""
MAX_CALLERS = 16
"""Connections with one: a server, and technicians who look; above that further ones are closed."""
ACCEPTS = 32
REST_SECONDS = 1.0
"""After a connection that could not be accepted."""
TELL_SECONDS = 60.0
"""Who was turned away is told at most so often: a scan of ports must not fill the log."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RemoteOrders:
    """Where orders of another host are taken; `caller` is the DNS name that a certificate must have."""

    host: str
    port: int
    context: ssl.SSLContext
    """Requires a certificate of the caller."""
    caller: str


class ControlDoor:
    """Accept connections and serve those whose certificate says that they may give orders.

    Raises OSError when the address cannot be bound.
    """

    def __init__(self, orders: RemoteOrders, serve: Serve, tasks: TaskSet) -> None:
        self._orders = orders
        self._serve = serve
        self._tasks = tasks
        self._strangers: dict[asyncio.Task[None], None] = {}
        self._callers: set[asyncio.Task[None]] = set()
        self._turned_away = 0
        self._tell_at = 0.0
        family = socket.AF_INET6 if ":" in orders.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind((orders.host, orders.port))
            self._socket.listen(MAX_STRANGERS)
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Accept from now on."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Stop accepting, and let go of who has not come in yet; idempotent."""
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in self._strangers:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(ACCEPTS):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # Out of descriptors the socket stays readable: without a rest the loop would do nothing else.
                self._turn_away("nobody", str(error))
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._socket.fileno())
                loop.call_later(REST_SECONDS, self._resume)
                return
            if len(self._strangers) >= MAX_STRANGERS:
                oldest = next(iter(self._strangers))
                del self._strangers[oldest]
                oldest.cancel()
            accepted.setblocking(False)
            try:
                task = self._tasks.start(self._admit(accepted, address[0]), "control")
            except RuntimeError as error:  # too many, or the end of the worker
                accepted.close()
                self._turn_away(address[0], str(error))
                return
            self._strangers[task] = None
            task.add_done_callback(self._gone)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self.start()

    def _gone(self, task: "asyncio.Task[None]") -> None:
        self._strangers.pop(task, None)
        self._callers.discard(task)

    async def _admit(self, accepted: socket.socket, host: str) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._orders.context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )
        except OSError as error:
            self._turn_away(host, str(error) or type(error).__name__)
            return
        except asyncio.CancelledError:
            accepted.close()
            raise
        names = (transport.get_extra_info("peercert") or {}).get("subjectAltName", ())
        if ("DNS", self._orders.caller) not in names or len(self._callers) >= MAX_CALLERS:
            self._turn_away(host, "another name in the certificate, or too many connections")
            transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._strangers.pop(task, None)
        self._callers.add(task)
        await self._serve(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def _turn_away(self, host: str, why: str) -> None:
        self._turned_away += 1
        now = asyncio.get_running_loop().time()
        if now >= self._tell_at:
            self._tell_at = now + TELL_SECONDS
            log.warning("control: %s was turned away (%s); %d until now", host, why, self._turned_away)
