"""The worker's end of the control connections: one server at a time, the newest counts."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import ValidationError

from vwindow.errors import VWindowError
from vwindow.sfu.control import MAX_LINE_BYTES, REQUEST, AskStats, Drain, Event, Leave, Reply, Request
from vwindow.sfu.control_door import ControlDoor, RemoteOrders
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

MAX_UNSENT = 1 << 20
"""Bytes that may wait for a server that does not read; then it is cut off and comes back with `hello`."""
QUIET_SECONDS = 10.0
"""A server on another host asks something every few seconds; one that does not is gone, and nobody said so."""

Perform = Callable[[Request], Awaitable[Reply]]


class ControlLink:
    """Serve orders on a 0600 Unix socket, for another host on a TLS port; tell events to the server that is there, or
    to nobody.

    A connection is the server's from its first order on that only a server gives; the newest one counts. A stale
    socket file is replaced. Raises OSError when the socket or the port cannot be made.
    """

    def __init__(
        self,
        path: Path | None,
        perform: Perform,
        leave: Callable[[], None],
        tasks: TaskSet,
        remote: RemoteOrders | None = None,
    ) -> None:
        self._path = path
        self._remote = remote
        self._door: ControlDoor | None = None
        self._perform = perform
        self._leave = leave
        self._tasks = tasks
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._writer: asyncio.StreamWriter | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.absent = asyncio.Event()
        """Set while no server is connected."""
        self.present = asyncio.Event()
        """Set while one is."""
        self.absent.set()

    async def start(self) -> None:
        """Listen; the file is never readable by others, not even for a moment."""
        if self._remote is not None:
            self._door = ControlDoor(self._remote, self._serve_remote, self._tasks)
            self._door.start()
        if self._path is not None:
            await self._start_socket(self._path)

    async def _start_socket(self, path: Path) -> None:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.setblocking(False)
            self._inode = _bind(listening, path)
            self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=MAX_LINE_BYTES)
        except OSError:
            listening.close()
            raise

    def tell(self, message: Event | Reply) -> None:
        """Write a message to the server that is connected; never waits."""
        if self._writer is not None:
            self._write(self._writer, message)

    async def close(self) -> None:
        """Stop listening and remove the socket file."""
        if self._server is not None:
            self._server.close()
        if self._door is not None:
            self._door.close()
        for writer in self._serving.values():
            writer.close()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if self._path is None:
            return
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:  # else a newer worker has put its own there
                self._path.unlink()

    async def _serve_remote(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, QUIET_SECONDS)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, quiet: float | None = None
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        task.add_done_callback(lambda done: self._serving.pop(done, None))
        try:
            while True:
                async with asyncio.timeout(quiet):
                    line = await reader.readline()
                if not line or not self._take(line, writer):
                    break
        except TimeoutError:
            log.warning("nothing was heard from the server for %.0f s: the connection counts as broken", quiet)
            writer.transport.abort()
        except (OSError, ValueError, RuntimeError):  # a broken pipe, a line beyond the limit, too many orders
            log.warning("the control connection broke", exc_info=True)
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
                self.present.clear()
                self.absent.set()

    def _take(self, line: bytes, writer: asyncio.StreamWriter) -> bool:
        if writer.is_closing():  # a newer server has come
            return False
        try:
            request = REQUEST.validate_json(line)
        except ValidationError:
            log.error("a control message was not understood; the connection is closed")
            return False
        if not isinstance(request.order, Drain | AskStats):
            self._own(writer)
        self._tasks.start(self._answer(request, writer), "order")
        return True

    def _own(self, writer: asyncio.StreamWriter) -> None:
        if self._writer is writer:
            return
        if self._writer is not None:
            self._writer.close()
        self._writer = writer
        self.absent.clear()
        self.present.set()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await self._perform(request)
        except VWindowError as error:
            reply = Reply(id=request.id, code=error.code, message=str(error), retryable=error.retryable)
        except Exception:
            log.exception("order %s failed", request.order.do)
            reply = Reply(id=request.id, code="internal", retryable=True)
        self._write(writer, reply)
        if isinstance(request.order, Leave):
            self._leave()

    def _write(self, writer: asyncio.StreamWriter, message: Event | Reply) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > MAX_UNSENT:
            log.warning("the server does not read its control connection; it is cut off")
            writer.transport.abort()
            return
        writer.write(message.model_dump_json(exclude_defaults=False).encode() + b"\n")


def _bind(listening: socket.socket, path: Path) -> int:
    """Bind to a path, 0600 from the first moment, in place of a stale socket; return the file's inode."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    mask = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(mask)
    return path.stat().st_ino
