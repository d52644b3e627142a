"""Firefox ESR in a call: its own ICE, DTLS, VP8 and Opus against the worker."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.media_peer import MediaPeer
from tests.fakes.worker_house import WorkerHouse, worker_house
from tests.peers import firefox
from tests.peers.page_peer import blank_page, lines_of, only
from vwindow.addresses import primary_address
from vwindow.sfu.control import AnswerOffer, Slot

HOST = primary_address()  # Firefox knows no loopback candidates
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not firefox.installed(), reason="needs firefox-esr"),
    pytest.mark.skipif(HOST is None, reason="needs an address besides the loopback"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock", host=HOST or "") as found:
        yield found


async def received(fox: firefox.Firefox, wanted: dict[str, tuple[str, float]], seconds: float = 15) -> dict[str, Any]:
    """Wait until each m-line has so much of something; return the last figures."""
    end = time.monotonic() + seconds
    while True:
        stats: dict[str, Any] = await fox.evaluate("vwindow.stats()")
        if all(stats["in"].get(mid, {}).get(name, 0) > least for mid, (name, least) in wanted.items()):
            return stats
        assert time.monotonic() < end, stats
        await asyncio.sleep(0.1)


def mid_of(slots: list[Slot], source: str) -> str:
    return next(slot.mid for slot in slots if slot.source == source)


@pytest.mark.parametrize("path", ["udp", "tcp"])
async def test_firefox_as_a_console_sees_hears_and_is_seen_and_heard(house: WorkerHouse, path: str) -> None:
    agent, page = MediaPeer("agent", house.client), MediaPeer("page", house.client)
    try:
        await agent.join()
        await page.join()
        async with blank_page() as url, firefox.Firefox() as fox:
            await fox.go(url)
            sdp = await fox.evaluate(f"vwindow.offer({json.dumps(lines_of('console'))})")
            reply = await house.client.ask(AnswerOffer(room="r", part="console", sdp=sdp))
            assert not reply.code, reply
            began = time.monotonic()
            await fox.evaluate(f"vwindow.accept({json.dumps(only(path, reply.sdp))})")
            await house.event("console", "up")
            print(f"up after {time.monotonic() - began:.2f} s")
            face, voice = mid_of(reply.slots, "kiosk.face"), mid_of(reply.slots, "kiosk.microphone")
            await page.frames("staff-face", 20)
            await page.frames("staff-microphone", 50)
            stats = await received(fox, {face: ("frames", 30), voice: ("energy", 0.001)})
            assert stats["state"] == "connected"
            assert stats["in"][face]["width"] == 128
            assert stats["in"][face]["lost"] == stats["in"][voice]["lost"] == 0
            assert stats["pair"] == path
            counters = await house.stats()
            assert not [name for name in counters if name.startswith("error")], counters
    finally:
        await agent.close()
        await page.close()
