"""Chromium on a path that loses packets: it waits for repairs when the worker asks it to, and only then."""

import argparse
import asyncio
import shutil
import socket
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.bench.direct import blank_page
from tests.bench.loss import STATS, join
from tests.bench.narrow import Relay
from tests.fakes.control_client import ControlClient
from tests.fakes.recorder import FakeRecorder
from tests.pages import chromium
from tests.stack import free_port
from vwindow.sfu.control import Hello, OpenRoom
from vwindow.sfu.worker import run_worker

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
]

LOSS, DELAY = 0.05, 0.06
HELD = 0.23
"""Seconds: less than is asked for on this path, more than a browser waits by itself."""
WINDOWS = 5
SILENT = """() => {
  for (const each of peer.getSenders()) if (each.track?.kind === 'audio') each.replaceTrack(null);
}"""


async def _wait(viewer: Page, above: float) -> float:
    """Return the seconds that pictures wait on average over 3 s: once that is more than `above`, or at the end."""
    before = {"jitterBufferDelay": 0.0, "jitterBufferEmittedCount": 0}
    found = 0.0
    for _ in range(WINDOWS):
        await asyncio.sleep(3)  # what is measured
        rows = [row for name, row in (await viewer.evaluate(STATS)).items() if name.startswith("in-video")]
        after = rows[0] if rows else before
        count = after["jitterBufferEmittedCount"] - before["jitterBufferEmittedCount"]
        found = float((after["jitterBufferDelay"] - before["jitterBufferDelay"]) / max(1, count))
        if found > above:
            break
        before = after
    return found


async def _held(path: Path, loss: float, without: list[str], above: float) -> float:
    """Return how long a viewer behind a path waits (see `_wait`); `without` leaves things out of its offer."""
    port = free_port(socket.SOCK_DGRAM)
    worker = asyncio.create_task(run_worker(path, [("127.0.0.1", port)], FakeRecorder(), ["127.0.0.2"], 0.5))
    relay = Relay("127.0.0.2", port, ("127.0.0.1", port), loss, DELAY, 0)
    async with asyncio.timeout(10):
        while not path.exists():
            await asyncio.sleep(0.02)
    client = await ControlClient.connect(path)
    try:
        await client.ask(Hello())
        await client.ask(OpenRoom(room="r"))
        async with chromium() as browser:
            sender, viewer = await blank_page(browser), await blank_page(browser)
            given = argparse.Namespace(hold=0, without=without)
            await join(viewer, client, "page", False, given)
            await join(sender, client, "console", True, given)
            await sender.evaluate(SILENT)
            return await _wait(viewer, above)
    finally:
        await client.close()
        relay.close()
        async with asyncio.timeout(10):
            await worker


async def test_a_viewer_waits_for_repairs_when_it_is_asked_to(tmp_path: Path) -> None:
    assert await _held(tmp_path / "asked.sock", LOSS, [], HELD) > HELD
    assert await _held(tmp_path / "left.sock", LOSS, ["playout-delay"], HELD) <= HELD, "it does not by itself"


async def test_a_viewer_on_a_clean_path_waits_for_nothing(tmp_path: Path) -> None:
    assert await _held(tmp_path / "worker.sock", 0.0, [], 1.0) < 0.1
