"""A network between two ends of a TCP connection, which can be cut as a cable or as a machine is."""

import asyncio
import contextlib


class Relay:
    """Carry connections from one port to another one; `silent` swallows all without a word, as a dropped packet."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self.number = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.number)
        self.number = self._server.sockets[0].getsockname()[1]

    def silence(self) -> None:
        """Let nothing through any more, and say so to nobody."""
        self._open.clear()

    def restore(self) -> None:
        """Let what waits and what comes through."""
        self._open.set()

    def break_all(self) -> None:
        """End all connections with a reset."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        self.restore()
        if self._server is not None:
            self._server.close()
        self.break_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            await self._open.wait()
            back, other = await asyncio.open_connection(self._host, self._port)
            self._writers.add(other)
            await asyncio.gather(self._pass(reader, other), self._pass(back, writer))
        except OSError:
            pass
        finally:
            for end in (writer, other):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
