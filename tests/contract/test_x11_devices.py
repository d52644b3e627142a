"""Screen, keyboard and mouse of a real X server (Xvfb). Needs the Debian package xvfb and the extra x11."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator

import pytest
from Xlib import X, display
from Xlib.ext import xtest

from devices import registry
from devices.device import Device
from tests.fakes.health_watch import HealthWatch

LIMIT = 10.0


def start_server() -> tuple[subprocess.Popen[bytes], str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1080x1920x24", "-nolisten", "tcp"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return server, f":{pipe.readline().strip()}"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[subprocess.Popen[bytes]]:
    process, name = await asyncio.to_thread(start_server)
    monkeypatch.setenv("DISPLAY", name)
    yield process
    process.kill()
    await asyncio.to_thread(process.wait)


@contextlib.asynccontextmanager
async def started(device: Device) -> AsyncIterator[HealthWatch]:
    watch = HealthWatch()
    device.start(watch)
    try:
        yield watch
    finally:
        await device.close()


async def test_the_screen_has_its_size_and_no_touch(server: subprocess.Popen[bytes]) -> None:
    screen = registry.display("x11")
    async with started(screen) as watch:
        health = await watch.until("ready")
        assert "1080x1920" in health.identity
        assert screen.screen is not None and (screen.screen.width, screen.screen.height) == (1080, 1920)
        assert not screen.screen.touch
    async with started(registry.display("x11:touch")) as watch:
        assert (await watch.until("unavailable")).code == "no_touch"


async def test_a_use_is_noted_and_not_what_was_used(server: subprocess.Popen[bytes]) -> None:
    keyboard, mouse = registry.keyboard("x11"), registry.mouse("x11")
    async with started(keyboard) as keys, started(mouse) as pointer:
        await keys.until("ready")
        await pointer.until("ready")
        assert keyboard.last_used is None and mouse.last_used is None
        user = display.Display()
        try:
            await press(user, keyboard)
            assert mouse.last_used is None
            xtest.fake_input(user, X.MotionNotify, x=200, y=200)
            user.sync()
            async with asyncio.timeout(LIMIT):
                while mouse.last_used is None:
                    await asyncio.sleep(0.05)
        finally:
            user.close()
        assert 38 not in vars(keyboard).values()


async def press(user: display.Display, keyboard: object) -> None:
    xtest.fake_input(user, X.KeyPress, 38)
    xtest.fake_input(user, X.KeyRelease, 38)
    user.sync()
    async with asyncio.timeout(LIMIT):
        while getattr(keyboard, "last_used", None) is None:
            await asyncio.sleep(0.05)


async def test_another_keyboard_is_wanted(server: subprocess.Popen[bytes]) -> None:
    async with started(registry.keyboard("x11:no such keyboard")) as watch:
        assert (await watch.until("unavailable")).code == "unplugged"


@pytest.mark.parametrize("kind", ["display", "keyboard", "mouse"])
async def test_a_server_that_dies_is_told_and_another_one_is_found(
    kind: str, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(registry.make(kind, "x11")) as watch:
        await watch.until("ready")
        server.send_signal(signal.SIGKILL)
        assert (await watch.until("unavailable")).code == "no_display"
        another, name = await asyncio.to_thread(start_server)
        try:
            monkeypatch.setenv("DISPLAY", name)
            await watch.until("ready")
        finally:
            another.kill()
            await asyncio.to_thread(another.wait)
    # Closing after the server has gone must not fail either: the fixture's server is dead already.
