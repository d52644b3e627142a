"""Which TURN server a kiosk takes: one that answers, not one whose port accepts. Needs the loopback."""

import asyncio
import ssl
from pathlib import Path

import pytest

from kiosk_agent.relay import Relay, Way, choose, remember, remembered


def relay(port: int, way: Way, host: str = "127.0.0.1") -> Relay:
    return Relay(f"turn:{host}:{port}?transport={way}", way, host, port)


async def test_a_proxy_that_accepts_everything_is_no_turn_server() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readexactly(20)
        writer.write(b"\x01\x01" + request[2:])
        await writer.drain()
        await reader.read()
        writer.close()

    proxy, server = await asyncio.start_server(silent, "127.0.0.1", 0), await asyncio.start_server(turn, "127.0.0.1", 0)
    async with proxy, server:
        dead, alive = (relay(one.sockets[0].getsockname()[1], "tcp") for one in (proxy, server))
        found = await choose([dead, alive], ssl.create_default_context(), 1.0)
        assert found.relay == alive
        found = await choose([dead], ssl.create_default_context(), 0.3)
        assert found.relay is None and found.failures == {dead.url: "no_answer"}


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
async def test_what_can_be_no_name_is_an_unknown_host(host: str) -> None:
    found = await choose([relay(1, "tcp", host), relay(1, "udp", host)], ssl.create_default_context(), 1.0)
    assert found.relay is None and set(found.failures.values()) == {"unknown_host"}


def test_servers_that_are_no_more_are_forgotten(tmp_path: Path) -> None:
    remember(tmp_path, [relay(3478, "udp")])
    assert [found.port for found in remembered(tmp_path)] == [3478]
    remember(tmp_path, [])
    assert remembered(tmp_path) == []
