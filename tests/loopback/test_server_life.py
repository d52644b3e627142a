"""Start and stop of the server as the people at both sides see it."""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from tests.loopback.test_refusals import Kiosk, console, enrolled
from tests.stack import ROOT, Stack, free_port

ASKED = {"city": "jiaxing", "item": 1, "recording": "accepted", "request": "r1"}


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    house = Stack(tmp_path)
    try:
        await house.start_server()
        yield house
    finally:
        await house.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Console:
    """A console that keeps what it heard."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=1000)
        client.on("*", self._hear, namespace="/staff")

    async def _hear(self, event: str, payload: Any) -> None:
        self.heard.put_nowait((event, payload))

    async def call(self, event: str, payload: Any) -> Any:
        return await self.client.call(event, payload, namespace="/staff", timeout=5)

    async def until(self, phase: str) -> Any:
        """Wait until a mirror shows the call in a phase; return the mirror."""
        async with asyncio.timeout(10):
            while True:
                name, payload = await self.heard.get()
                if name == "staff.mirror" and (payload.get("call") or {}).get("phase") == phase:
                    return payload


async def answered(stack: Stack, session: aiohttp.ClientSession) -> tuple[Kiosk, Console, str]:
    """Bring a call to the point where a staff member has answered."""
    kiosk = await enrolled(stack, session)
    staff = Console(await console(stack, session))
    assert (await staff.call("staff.ready", {}))["ok"]
    call = (await kiosk.call("call.ask", ASKED))["call"]
    await staff.until("ringing")
    assert (await staff.call("call.answer", {"call": call}))["ok"]
    await kiosk.until("call.changed", phase="connecting")
    return kiosk, staff, call


async def written(stack: Stack, call: str) -> None:
    """Wait until the end of a call is on disk: pages are told at once, the store a moment later."""
    with contextlib.closing(sqlite3.connect(stack.folder / "var" / "vwindow.db")) as database:
        async with asyncio.timeout(10):
            while not database.execute("SELECT 1 FROM call WHERE id = ? AND phase = 'ended'", (call,)).fetchone():
                await asyncio.sleep(0.05)


async def second(stack: Stack, **changes: str) -> tuple[int | None, str]:
    """Start a second server and return how it ended and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vwindow", "serve", env={**stack.environment, **changes}, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 20)
    except TimeoutError:
        process.kill()
        raise
    return process.returncode, out.decode()


async def test_a_second_start_says_why_not_and_harms_no_call(stack: Stack, session: aiohttp.ClientSession) -> None:
    kiosk, staff, _ = await answered(stack, session)
    worker = stack.worker_pid()
    try:
        status, words = await second(stack, VWINDOW_PORT=str(free_port()))
        assert (status, words.count("\n")) == (1, 1) and "already_running" in words
        other = str(stack.folder / "other")
        status, words = await second(stack, VWINDOW_DATA_DIR=other)
        assert (status, words.count("\n")) == (1, 1) and "cannot_listen" in words and str(stack.port) in words
        assert not list(Path(other).glob("*.db")) and not list(Path(other).glob("*.sock"))
        await kiosk.call("mirror.ask", {})
        assert (await kiosk.until("kiosk.mirror"))["call"]["phase"] == "connecting"
        assert stack.worker_pid() == worker
    finally:
        await kiosk.socket.disconnect()
        await staff.client.disconnect()


async def test_a_stop_tells_both_sides_that_their_call_has_ended(stack: Stack, session: aiohttp.ClientSession) -> None:
    kiosk, staff, call = await answered(stack, session)
    assert stack.server is not None
    stack.server.terminate()
    told = await kiosk.until("call.changed", phase="ended")
    assert (told["call"], told["reason"]) == (call, "closing")
    assert (await staff.until("ended"))["call"]["reason"] == "closing"
    async with asyncio.timeout(20):
        await kiosk.socket.wait()
        await staff.client.wait()
        assert await stack.server.wait() == 0


@pytest.mark.parametrize("crash", [False, True], ids=["stop", "crash"])
async def test_a_restart_keeps_the_rating_and_the_outcome_open(
    crash: bool, stack: Stack, session: aiohttp.ClientSession
) -> None:
    kiosk, staff, call = await answered(stack, session)
    assert stack.server is not None
    if crash:
        assert (await kiosk.call("call.hang_up", {"call": call}))["ok"]
        await staff.until("ended")
        await written(stack, call)
        await stack.kill_server()
    else:
        stack.server.terminate()
        async with asyncio.timeout(20):
            await stack.server.wait()
    async with asyncio.timeout(20):
        await kiosk.socket.wait()
        await staff.client.wait()
    await stack.start_server(accounts=False)
    async with aiohttp.ClientSession() as fresh:
        await kiosk.connect(fresh)
        shown = (await kiosk.until("kiosk.mirror"))["call"]
        reason = "visitor_hung_up" if crash else "closing"
        assert shown is not None and (shown["call"], shown["phase"], shown["reason"]) == (call, "ended", reason)
        assert (await kiosk.call("call.rate", {"call": call, "grade": 5}))["ok"]
        staff = Console(await console(stack, fresh))
        mirror = await staff.until("ended")
        assert mirror["state"] == "wrap_up" and mirror["call"]["wrap_up"]
        noted = await staff.call("call.outcome", {"call": call, "outcome": "answered", "note": "done"})
        assert noted["ok"], noted
        await kiosk.socket.disconnect()
        await staff.client.disconnect()
