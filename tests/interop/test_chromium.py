"""Chromium in a call through nothing but TCP; its calls over UDP, through the real pages, are in tests/browser."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aioice.ice
import pytest

from tests.fakes.media_peer import MediaPeer
from tests.fakes.worker_house import WorkerHouse, worker_house
from tests.pages import chromium
from tests.peers.page_peer import blank_page, lines_of, only
from vwindow.sfu.control import AnswerOffer

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
]


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WorkerHouse]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with worker_house(tmp_path / "worker.sock") as found:
        yield found


@pytest.mark.parametrize("path", ["tcp", "udp"])
async def test_chromium_as_a_console(house: WorkerHouse, path: str) -> None:
    agent, page = MediaPeer("agent", house.client), MediaPeer("page", house.client)
    try:
        await agent.join()
        await page.join()
        async with blank_page() as url, chromium() as browser:
            context = await browser.new_context(permissions=["camera", "microphone"])
            tab = await context.new_page()
            await tab.goto(url)
            sdp = await tab.evaluate(f"vwindow.offer({json.dumps(lines_of('console'))})")
            reply = await house.client.ask(AnswerOffer(room="r", part="console", sdp=sdp))
            assert not reply.code, reply
            await tab.evaluate(f"vwindow.accept({json.dumps(only(path, reply.sdp))})")
            await house.event("console", "up")
            await page.frames("staff-face", 20)
            await page.frames("staff-microphone", 50)
            face = next(slot.mid for slot in reply.slots if slot.source == "kiosk.face")
            end = time.monotonic() + 15
            while True:
                stats = await tab.evaluate("vwindow.stats()")
                if stats["in"].get(face, {}).get("frames", 0) > 30:
                    break
                assert time.monotonic() < end, stats
                await asyncio.sleep(0.1)
            assert (stats["state"], stats["pair"]) == ("connected", path)
            counters = await house.stats()
            assert not [name for name in counters if name.startswith("error")], counters
    finally:
        await agent.close()
        await page.close()
