"""Grants in a real worker between real browsers: a screen comes, goes and comes back on one offer."""

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.loopback.test_media_pool import arguments, free_port, pool
from tests.pages import chromium
from tests.peers.page_peer import blank_page, lines_of
from vwindow.desk.ports import RoomPart
from vwindow.ids import RoomId
from vwindow.media_pool import MediaPool
from vwindow.sfu.slots import LINES

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
]
ROOM = RoomId("r")
SCREEN = [line.source for line in LINES["console"]].index("staff.screen")


class Tab:
    """A browser's connection as one part of the room."""

    def __init__(self, page: Page, part: RoomPart) -> None:
        self.page = page
        self.part = part
        self.slots: dict[str, str] = {}
        self.offers = 0

    async def join(self, room: MediaPool) -> None:
        sdp = await self.page.evaluate(f"vwindow.offer({json.dumps(lines_of(self.part))})")
        answer = await room.answer(ROOM, self.part, sdp)
        self.offers += 1
        await self.page.evaluate(f"vwindow.accept({json.dumps(answer.sdp)})")
        self.slots = {slot.source: slot.mid for slot in answer.slots}
        await self.until(lambda stats: stats["state"] == "connected")

    async def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("vwindow.stats()")
        return found

    async def until(self, ready: Any, seconds: float = 10.0) -> float:
        """Wait until the figures are so; return the seconds that it took."""
        begun = time.monotonic()
        while not ready(stats := await self.stats()):
            assert time.monotonic() - begun < seconds, stats
            await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def count(self, source: str, what: str) -> float:
        got = (await self.stats())["in"].get(self.slots[source], {})
        return float(got.get(what, 0))

    async def more(self, source: str, what: str, least: float, seconds: float = 10.0) -> float:
        """Wait for so much more of a slot; return the seconds that it took."""
        want = await self.count(source, what) + least
        return await self.until(lambda s: s["in"].get(self.slots[source], {}).get(what, 0) >= want, seconds)

    async def close(self) -> None:
        await self.page.context.close()


@contextlib.asynccontextmanager
async def house(folder: Path, parts: Sequence[RoomPart]) -> AsyncIterator[tuple[MediaPool, Browser, str, list[Tab]]]:
    """Run a worker process, a room and a browser with a tab for each part that is there from the start."""
    async with pool(folder, arguments(folder, free_port())) as (one, _, _), blank_page() as url, chromium() as browser:
        await one.open(ROOM, 1)
        tabs = [await opened(browser, url, part) for part in parts]
        for tab in tabs:
            await tab.join(one)
        yield one, browser, url, tabs


async def opened(browser: Browser, url: str, part: RoomPart) -> Tab:
    page = await (await browser.new_context(permissions=["camera", "microphone"])).new_page()
    await page.goto(url)
    return Tab(page, part)


async def test_a_screen_comes_goes_and_comes_back_on_one_offer(tmp_path: Path) -> None:
    async with house(tmp_path, ["console", "page"]) as (one, _, _, (console, page)):
        await page.more("staff.face", "frames", 10)
        await console.page.evaluate(f"vwindow.show({SCREEN})")
        await page.more("staff.face", "frames", 20)
        assert await page.count("staff.screen", "packets") == 0, "nobody granted it"
        for turn in (1, 2):
            await one.grant(ROOM, "staff.screen", True)
            took = await page.more("staff.screen", "frames", 1, 5.0)
            print(f"granted for the {turn}. time: a picture after {took:.2f} s")
            assert took < 1.0
            await page.more("staff.screen", "frames", 10)
            await one.grant(ROOM, "staff.screen", False)
            await page.more("staff.face", "frames", 2)  # what was on its way has come
            before = await page.count("staff.screen", "packets")
            await page.more("staff.face", "frames", 20)
            assert await page.count("staff.screen", "packets") == before
        assert (console.offers, page.offers) == (1, 1)
        assert len((await console.page.evaluate("vwindow.peer.remoteDescription.sdp")).split("m=")) == 13


async def test_guests_and_observers_come_and_go_without_an_offer_of_the_others(tmp_path: Path) -> None:
    async with house(tmp_path, ["console", "page"]) as (one, browser, url, (console, page)):
        for turn in (1, 2):
            guest, observer = await opened(browser, url, "guest"), await opened(browser, url, "observer")
            await guest.join(one)
            await observer.join(one)
            await console.more("guest.face", "frames", 10)
            for tab in (console, page, observer):
                await tab.more("guest.microphone", "packets", 30)
            await observer.more("staff.face", "frames", 10)
            await guest.more("staff.microphone", "packets", 30)
            silent = await page.count("observer.microphone", "packets")
            await page.more("guest.microphone", "packets", 50)
            assert await page.count("observer.microphone", "packets") == silent, "an observer is not heard"
            await one.grant(ROOM, "observer.microphone", True)
            for tab in (page, console, guest):
                took = await tab.more("observer.microphone", "packets", 10)
                print(f"turn {turn}: the observer is heard by {tab.part} after {took:.2f} s")
            await one.grant(ROOM, "observer.microphone", False)
            await guest.close()
            await observer.close()
        await page.more("staff.face", "frames", 20)
        assert (console.offers, page.offers) == (1, 1)
