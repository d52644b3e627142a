"""The kiosk browser's life, with a script in Chromium's place. Needs a shell."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk_agent import browser as browsers
from kiosk_agent.browser import Browser, has_display
from kiosk_agent.tasks import TaskSet

LIMIT = 10.0


@pytest.fixture
async def tasks() -> AsyncIterator[TaskSet]:
    made = TaskSet("test")
    yield made
    await made.close()


def script(tmp_path: Path, body: str) -> str:
    path = tmp_path / "chromium"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


async def appeared(path: Path) -> str:
    async with asyncio.timeout(LIMIT):
        while not path.exists() or not path.read_text().endswith("\n"):
            await asyncio.sleep(0.005)
    return path.read_text()


def test_a_display_is_what_the_environment_says() -> None:
    assert has_display({"DISPLAY": ":0"}) and has_display({"WAYLAND_DISPLAY": "wayland-0"})
    assert not has_display({"DISPLAY": ""}) and not has_display({})


def test_the_command_line_is_the_kiosks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    line = Browser("chromium", tmp_path, flags=["--extra"], loopback=True).arguments("http://127.0.0.1:1/")
    assert line[0] == "chromium" and line[-1] == "--app=http://127.0.0.1:1/"
    assert {"--kiosk", "--auto-accept-camera-and-microphone-capture", "--extra"} <= set(line)
    assert "--allow-loopback-in-peer-connection" in line and f"--user-data-dir={tmp_path}" in line
    assert "--no-sandbox" not in line and not [flag for flag in line if "remote-debugging-port" in flag]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--no-sandbox" in Browser("chromium", tmp_path).arguments("x")


async def test_it_starts_again_with_a_clean_profile_and_growing_pauses(tmp_path: Path, tasks: TaskSet) -> None:
    profile = tmp_path / "profile"
    command = script(
        tmp_path, f"ls -A {profile} >> {tmp_path}/seen; echo run >> {tmp_path}/runs; touch {profile}/cookie"
    )
    pauses: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 7:
            enough.set()
            await asyncio.Event().wait()

    tasks.start(Browser(command, profile, sleep=sleep).run("http://x/"), "browser")
    await asyncio.wait_for(enough.wait(), LIMIT)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert (tmp_path / "runs").read_text().count("run") == 7
    assert (tmp_path / "seen").read_text() == ""


async def test_a_missing_browser_is_tried_again(tmp_path: Path, tasks: TaskSet) -> None:
    tried = asyncio.Event()

    async def sleep(seconds: float) -> None:
        tried.set()
        await asyncio.Event().wait()

    tasks.start(Browser(str(tmp_path / "none"), tmp_path / "profile", sleep=sleep).run("http://x/"), "browser")
    await asyncio.wait_for(tried.wait(), LIMIT)


async def test_stopping_ends_its_children_too(tmp_path: Path, tasks: TaskSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers, "STOP_SECONDS", 0.1)
    pid_file = tmp_path / "pids"
    command = script(tmp_path, f"trap '' TERM; sleep 600 & echo $$ $! >> {pid_file}; while :; do wait; done")
    tasks.start(Browser(command, tmp_path / "profile").run("http://x/"), "browser")
    pids = [int(word) for word in (await appeared(pid_file)).split()]
    await tasks.close()
    async with asyncio.timeout(LIMIT):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.005)


def alive(pid: int) -> bool:
    # The group's orphans become zombies of whoever is process 1 here.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
