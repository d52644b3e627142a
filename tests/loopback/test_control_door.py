"""Who gets in at a worker's control port, and what others can do there."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.control_authority import Authority
from tests.fakes.control_client import ControlClient
from tests.fakes.recorder import FakeRecorder
from tests.loopback.test_worker import record
from tests.stack import free_port
from vwindow.control_tls import SERVER_NAME, WORKER_NAME
from vwindow.sfu import control_door
from vwindow.sfu.control import MAX_LINE_BYTES, Hello, OpenRoom
from vwindow.sfu.control_door import MAX_STRANGERS, RemoteOrders
from vwindow.sfu.worker import run_worker

HOST = "127.0.0.2"


@dataclass
class House:
    """A worker with a control port in this process."""

    port: int
    authority: Authority
    recorder: FakeRecorder
    worker: "asyncio.Task[None]"
    stack: AsyncExitStack

    async def connect(self, context: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = WORKER_NAME if context is not None else None
        return await asyncio.open_connection(HOST, self.port, ssl=context, server_hostname=name, limit=1 << 20)

    async def server(self) -> ControlClient:
        """Come as the server does; it gets in within a second whatever else goes on."""
        async with asyncio.timeout(1):
            client = ControlClient(*await self.connect(self.authority.server_end()))
            self.stack.push_async_callback(client.close)
            assert (await client.ask(Hello())).epoch
        return client

    async def refused(self, context: ssl.SSLContext | None) -> None:
        """Come in another way: not one byte of an answer is given."""
        # With TLS 1.3 a client is connected before its certificate is looked at.
        reader, writer = await self.connect(context)
        data = b""
        with suppress(OSError):
            writer.write(b'{"id": 1, "order": {"do": "hello"}}\n')
            async with asyncio.timeout(5):
                data = await reader.read()
        writer.close()
        assert b"epoch" not in data


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("control"))


@pytest.fixture
async def house(authority: Authority) -> AsyncIterator[House]:
    port, recorder = free_port(), FakeRecorder()
    orders = RemoteOrders(HOST, port, authority.worker_end(), SERVER_NAME)
    worker = asyncio.create_task(run_worker(None, [(HOST, 0)], recorder, None, 0.5, remote=orders))
    async with AsyncExitStack() as stack:
        found = House(port, authority, recorder, worker, stack)
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await found.connect(None)
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
        writer.close()
        yield found
    worker.cancel()
    await asyncio.wait([worker])


@pytest.mark.parametrize(
    "how", ["plain", "no certificate", "other authority", "other name", "the worker's own", "expired", "tls 1.2"]
)
async def test_only_the_servers_certificate_opens(
    house: House, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = house.authority
    context: ssl.SSLContext | None = good.server_end()
    assert context is not None
    if how == "plain":
        context = None
    elif how == "no certificate":
        context = ssl.create_default_context(cafile=str(good.folder / "ca.pem"))
    elif how == "other authority":
        context = Authority(tmp_path / "other").server_end()
        context.load_verify_locations(good.folder / "ca.pem")
    elif how == "other name":
        context = good.renamed(tmp_path / "other", "vwindow-somebody", "server", monkeypatch).server_end()
    elif how == "the worker's own":
        context = good.files("worker").server_end(good.now)
    elif how == "expired":
        context = good.expired(tmp_path / "other").server_end()
    else:
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(OSError):
            await house.connect(context)
    if how != "tls 1.2":
        await house.refused(context)
    assert (await (await house.server()).ask(OpenRoom(room="r"))).code == ""


async def test_a_crowd_that_says_nothing_keeps_no_server_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_door, "HANDSHAKE_SECONDS", 0.5)
    first = await house.server()
    crowd = [await house.connect(None) for _ in range(3 * MAX_STRANGERS)]
    await house.server()
    # The oldest had to go at once, the others when their time was over.
    async with asyncio.timeout(5):
        for reader, writer in crowd:
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
    await first.ended()  # a newer server has come
    assert not house.worker.done()


async def test_garbage_and_half_a_greeting_end_their_own_connection_only(house: House) -> None:
    server = await house.server()
    for said in (
        b"\x00" * 4096,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x16\x03\x01\xff\xff" * 999,
    ):
        reader, writer = await house.connect(None)
        writer.write(said)
        writer.write_eof()
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
    assert (await server.ask(OpenRoom(room="r"))).code == ""


async def test_a_line_beyond_the_bound_ends_the_connection(house: House) -> None:
    reader, writer = await house.connect(house.authority.server_end())
    writer.write(b"x" * (1 << 20))
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    assert MAX_LINE_BYTES < 1 << 20
    await house.server()


async def test_a_server_that_does_not_read_is_cut_off(house: House) -> None:
    _, writer = await house.connect(house.authority.server_end())
    hello = b'{"id": 1, "order": {"do": "hello"}}\n'
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        with pytest.raises(ConnectionError):
            while True:
                writer.write(hello * 100)
                await writer.drain()
                await asyncio.sleep(0)
    writer.close()
    await house.server()


async def test_without_a_server_the_rooms_end_whole_and_the_worker_waits_for_another(house: House) -> None:
    server = await house.server()
    await server.ask(OpenRoom(room="r"))
    await server.ask(record())
    await server.close()
    async with asyncio.timeout(5):
        while not house.recorder.recordings[0].closed:
            await asyncio.sleep(0.01)
    again = await house.server()
    assert (await again.ask(Hello())).rooms == []
    assert not house.worker.done()


async def test_a_server_that_falls_silent_counts_as_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwindow.sfu.link.QUIET_SECONDS", 0.3)
    server = await house.server()
    await server.ask(OpenRoom(room="r"))
    await server.ask(record())
    await server.ended()
    async with asyncio.timeout(5):
        while not house.recorder.recordings[0].closed:
            await asyncio.sleep(0.01)
