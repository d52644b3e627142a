"""A stop waits until the pages were told, but not for one that went silent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from signaling.outbox import SocketOutbox
from vwindow.ids import CallId, StaffId


class FakeLink:
    """Have the shape of an Engine.IO connection: what it is to send waits in `queue`."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=100)


class FakeEngine:
    def __init__(self) -> None:
        self.sockets: dict[str, FakeLink] = {}


class FakeSockets:
    """Have the shape of a Socket.IO server with one room per connection."""

    def __init__(self) -> None:
        self.eio = FakeEngine()

    async def emit(self, event: str, payload: Any, *, to: str, namespace: str) -> None:
        await asyncio.sleep(0)
        if to == "broken":
            raise RuntimeError("no such connection")
        self.eio.sockets[to].queue.put_nowait((event, payload))


@pytest.fixture
async def sockets() -> AsyncIterator[FakeSockets]:
    yield FakeSockets()


async def told(sockets: FakeSockets, *staff: str, seconds: float, reads: bool) -> list[Any]:
    outbox = SocketOutbox(sockets)  # type: ignore[arg-type]
    pump = asyncio.create_task(outbox.run())
    link = sockets.eio.sockets["s1"] = FakeLink()
    heard: list[Any] = []

    async def page() -> None:
        while True:
            heard.append(await link.queue.get())
            link.queue.task_done()

    reader = asyncio.create_task(page()) if reads else None
    try:
        for name in staff:
            outbox.recording_light(StaffId(name), CallId("c1"), "writing", 1, 1)
        await outbox.flush(seconds)
    finally:
        for task in (pump, reader):
            if task is not None:
                task.cancel()
    return heard


async def test_when_a_flush_returns_all_is_sent(sockets: FakeSockets) -> None:
    assert len(await told(sockets, "s1", "broken", "s1", seconds=5.0, reads=True)) == 2


async def test_a_silent_page_does_not_keep_back_a_stop(sockets: FakeSockets, caplog: pytest.LogCaptureFixture) -> None:
    assert await told(sockets, "s1", seconds=0.05, reads=False) == []
    assert "not all pages could be told" in caplog.text


async def test_a_console_is_told_what_each_of_its_pictures_may_have(sockets: FakeSockets) -> None:
    outbox = SocketOutbox(sockets)  # type: ignore[arg-type]
    link = sockets.eio.sockets["s1"] = FakeLink()
    outbox.media_targets(StaffId("s1"), CallId("c1"), {"staff.face": 300_000, "kiosk.face": 1})
    pump = asyncio.create_task(outbox.run())
    try:
        assert await link.queue.get() == ("media.targets", {"call": "c1", "face": 300_000, "screen": None})
    finally:
        pump.cancel()
