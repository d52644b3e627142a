"""Who stays at the doors of a running server, and who does not."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import socketio

from tests.loopback.test_refusals import Kiosk, console, enrolled
from tests.stack import Stack


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    house = Stack(tmp_path, settings={"VWINDOW_ALLOWED_ORIGINS": "https://desk.example"})
    try:
        await house.start_server()
        yield house
    finally:
        await house.stop()


async def silent(stack: Stack) -> float:
    """Open a TCP connection and say nothing; return after how many seconds the server ended it."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()
    return time.monotonic() - began


async def bare(stack: Stack, session: aiohttp.ClientSession, said: str = "") -> list[str]:
    """Open a WebSocket that is in no namespace; return what came until the server ended it."""
    heard: list[str] = []
    async with session.ws_connect(f"{stack.url}/socket.io/?EIO=4&transport=websocket") as raw:
        for _ in range(20 if said else 0):
            await raw.send_str(said)
        async with asyncio.timeout(30):
            async for message in raw:
                heard.append(message.data)
                if message.data == "2":
                    await raw.send_str("3")
    return heard


async def refused(stack: Stack, session: aiohttp.ClientSession) -> list[str]:
    """Ask twenty times to be let in; return the refusals that came until the server ended the connection."""
    return [text for text in await bare(stack, session, "40/staff,") if text.startswith("44")]


async def lets_in(stack: Stack, session: aiohttp.ClientSession, headers: dict[str, str]) -> bool:
    """Tell whether a console with these headers is let in."""
    try:
        async with session.ws_connect(f"{stack.url}/socket.io/?EIO=4&transport=websocket", headers=headers) as raw:
            await raw.receive_str()
            await raw.send_str("40/staff,")
            while not (text := await raw.receive_str(timeout=5)).startswith("4"):
                pass
            return text.startswith("40/staff,")
    except aiohttp.WSServerHandshakeError:
        return False


async def test_who_says_nothing_or_is_let_in_nowhere_does_not_stay(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:
        waited, heard, refusals = await asyncio.gather(silent(stack), bare(stack, session), refused(stack, session))
    assert waited >= 9
    assert not [text for text in heard if text.startswith("4")]
    assert len(refusals) == 3


async def test_old_machines_disabled_people_and_foreign_origins_are_outside(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:
        old = await enrolled(stack, session)
        new = Kiosk(stack, session, "sj-01")
        code = (await stack.run("vwindow", "kiosk", "code", "sj-01")).strip()
        assert (await new.enrol(session, code))[0] == 200
        async with asyncio.timeout(10):
            await old.socket.wait()
        await new.connect(session)

        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as desk:
            staff = await console(stack, desk)
            token = next(cookie.value for cookie in desk.cookie_jar if cookie.key == "vwindow_session")
        cookie = f'theirs={{"a": "b, c"}}; vwindow_session={token}'
        for origin, let_in in ((stack.url, True), ("https://desk.example", True), ("https://evil.example", False)):
            assert await lets_in(stack, session, {"Cookie": cookie, "Origin": origin}) == let_in
        await staff.disconnect()
        again = socketio.AsyncClient(reconnection=False, http_session=session)
        headers = {"Cookie": f"vwindow_session={token}"}
        await again.connect(stack.url, headers=headers, namespaces=["/staff"], transports=["websocket"])
        await stack.run("vwindow", "staff", "disable", "jiaxing-a")
        ack = await again.call("staff.ready", {}, namespace="/staff", timeout=5)
        assert ack["error"]["code"] == "not_signed_in"
        async with asyncio.timeout(10):
            await again.wait()
        await new.socket.disconnect()
