"""The server's end of a worker's control socket, for tests."""

import asyncio
from pathlib import Path

from vwindow.sfu.control import FROM_WORKER, Event, Order, Reply, Request


class ControlClient:
    """Ask a worker and collect its events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._next = 0
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, path: Path) -> "ControlClient":
        return cls(*await asyncio.open_unix_connection(str(path), limit=1 << 20))

    async def _read(self) -> None:
        while line := await self._reader.readline():
            message = FROM_WORKER.validate_json(line)
            if isinstance(message, Reply):
                self._replies.pop(message.id).set_result(message)
            else:
                self.events.append(message)
                self._news.set()

    async def ask(self, order: Order) -> Reply:
        self._next += 1
        future = self._replies[self._next] = asyncio.get_running_loop().create_future()
        self._writer.write(Request(id=self._next, order=order).model_dump_json().encode() + b"\n")
        async with asyncio.timeout(10):
            return await future

    async def event(self, **want: object) -> Event:
        """Wait for an event with these fields; those that came before it count too."""
        async with asyncio.timeout(15):
            while True:
                for event in self.events:
                    if all(getattr(event, name, None) == value for name, value in want.items()):
                        return event
                self._news.clear()
                await self._news.wait()

    async def ended(self) -> None:
        """Wait until the worker has closed the connection."""
        async with asyncio.timeout(10):
            await asyncio.wait({self._reading})

    async def close(self) -> None:
        self._writer.close()
        await asyncio.wait({self._reading})
