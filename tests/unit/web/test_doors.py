"""Connections that say nothing, too many of them, and bodies that do not come."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.fakes.web_house import WebHouse
from vwindow import descriptors
from vwindow.web import bodies
from vwindow.web.doors import sweep


class FakeTransport(asyncio.BaseTransport):
    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})


@dataclass
class FakeConnection:
    transport: asyncio.BaseTransport | None
    ended: list[str] = field(default_factory=list)

    def force_close(self) -> None:
        self.ended.append("now")


def test_one_address_holds_so_many_connections_and_the_newest_go() -> None:
    many = [FakeConnection(FakeTransport(f"2001:db8::{number:x}")) for number in range(1, 5)]
    other = FakeConnection(FakeTransport("192.0.2.1"))
    assert sweep([*many, other, FakeConnection(None)], per_address=3) == 1
    assert [len(one.ended) for one in [*many, other]] == [0, 0, 0, 1, 0]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, keepalive_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow:", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
async def test_a_connection_without_a_whole_request_is_ended(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert (b"here" in answer) == said.endswith(b"\r\n\r\n")
    writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for(house: WebHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    head = f"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nOrigin: {house.origin}\r\nContent-Type: application/json\r\n"
    writer.write(head.replace("Host: a", f"Host: 127.0.0.1:{house.server.port}").encode())
    writer.write(b"Content-Length: 100\r\n\r\n{")
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
        assert b'"too_slow"' in await reader.readuntil(b"}}")
    writer.close()


def test_the_limit_of_open_files_is_the_highest_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda which: (64, 4096))
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda which, limits: asked.append(limits))
    assert descriptors.raise_limit() == 4096
    assert asked == [(4096, 4096)]
