"""The agent starts real Chromium (headless in place of a display), starts it again, and leaves none behind."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk_agent.agent import Agent
from kiosk_agent.settings import Settings

pytestmark = pytest.mark.browser
LIMIT = 40.0

INDEX = """<!doctype html><html><head><meta name="page-token" content="">
<script type="module" src="/assets/page.js"></script></head><body></body></html>"""
# The smallest Socket.IO client: join /page with the token, answer pings.
SCRIPT = """
const token = document.querySelector('meta[name="page-token"]').content;
const socket = new WebSocket(`ws://${location.host}/socket.io/?EIO=4&transport=websocket`);
socket.onmessage = ({ data }) => {
  if (data.startsWith("0")) socket.send("40/page," + JSON.stringify({ token }));
  if (data === "2") socket.send("3");
};
"""


@pytest.fixture
async def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Agent]:
    static = tmp_path / "dist"
    for name, content in (("kiosk/index.html", INDEX), ("assets/page.js", SCRIPT)):
        (static / name).parent.mkdir(parents=True)
        (static / name).write_text(content)
    monkeypatch.setenv("DISPLAY", ":headless")
    made = Agent(
        Settings(
            data_dir=tmp_path / "kiosk",
            port=0,
            camera="absent",
            static_dir=static,
            browser_flags=("--headless=new", "--disable-gpu"),
        )
    )
    await made.start()
    yield made
    await made.close()


def chromiums(profile: Path) -> list[int]:
    """Return the ids of the main processes that use a profile."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"--user-data-dir={profile}".encode() in words and b"--kiosk" in words:
                found.append(int(entry.name))
    return found


async def pages(agent: Agent, count: int) -> None:
    async with asyncio.timeout(LIMIT):
        while agent.describe()["pages"] != count:
            await asyncio.sleep(0.02)


async def test_chromium_shows_the_page_and_comes_back(agent: Agent, tmp_path: Path) -> None:
    profile = tmp_path / "kiosk" / "browser"
    await pages(agent, 1)
    assert agent.describe()["browser"]
    for pid in chromiums(profile):
        os.kill(pid, signal.SIGKILL)
    await pages(agent, 0)
    await pages(agent, 1)
    await agent.close()
    async with asyncio.timeout(LIMIT):
        while chromiums(profile):
            await asyncio.sleep(0.02)
