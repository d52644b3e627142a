"""Chromium in kiosk mode: started where there is a display, started again when it dies."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

FLAGS = (
    "--kiosk", "--no-first-run", "--no-default-browser-check", "--noerrdialogs", "--disable-infobars",
    "--disable-session-crashed-bubble", "--overscroll-history-navigation=0", "--disable-pinch",
    "--disable-features=Translate,MediaRouter", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--password-store=basic", "--lang=zh-CN",
    "--autoplay-policy=no-user-gesture-required", "--auto-accept-camera-and-microphone-capture",
)  # fmt: skip
FIRST_DELAY, MAX_DELAY = 1.0, 30.0
GOOD_RUN_SECONDS = 60.0
STOP_SECONDS = 1.0


def has_display(environ: Mapping[str, str]) -> bool:
    """Tell whether there is a screen to show the page on."""
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


class Browser:
    """Keep one Chromium on one page; its profile is wiped before each start."""

    def __init__(
        self,
        command: str,
        profile: Path,
        *,
        flags: Sequence[str] = (),
        loopback: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = command
        self._profile = profile
        self._flags = (*FLAGS, *flags)
        if loopback:
            self._flags += ("--allow-loopback-in-peer-connection",)
        if os.geteuid() == 0:
            # Chromium's sandbox refuses to run as root; a kiosk's user should not be root.
            self._flags += ("--no-sandbox",)
        self._sleep = sleep
        self._monotonic = monotonic
        self.running = False

    def arguments(self, url: str) -> list[str]:
        """Return the command line for a page."""
        return [self._command, f"--user-data-dir={self._profile}", *self._flags, f"--app={url}"]

    async def run(self, url: str) -> None:
        """Show the page until cancelled."""
        delay = FIRST_DELAY
        while True:
            started = self._monotonic()
            await self._once(url)
            delay = FIRST_DELAY if self._monotonic() - started > GOOD_RUN_SECONDS else delay
            await self._sleep(delay)
            delay = min(delay * 2, MAX_DELAY)

    async def _once(self, url: str) -> None:
        await asyncio.to_thread(self._wipe)
        # Chromium's source names follow its own language; the page is Chinese regardless.
        environ = {**os.environ, "LANGUAGE": "en"}
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self.arguments(url),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=environ,
                start_new_session=True,
            )
        )
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # What was started within this wait has children already.
            with contextlib.suppress(OSError):
                await self._stop(await starting)
            raise
        except OSError as error:
            log.error("the browser cannot be started: %s", error)
            return
        self.running = True
        log.info("browser started")
        try:
            code = await process.wait()
            log.warning("browser ended with %s; it is started again", code)
        finally:
            self.running = False
            await self._stop(process)

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        # Its children are in its session: the group outlives a crashed parent.
        self._signal(process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            log.warning("browser does not stop; it is killed")
        finally:
            # Also when this wait is cancelled in its turn: nothing of the browser may stay.
            self._signal(process.pid, signal.SIGKILL)
        await process.wait()

    def _signal(self, group: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    def _wipe(self) -> None:
        shutil.rmtree(self._profile, ignore_errors=True)
        self._profile.mkdir(mode=0o700, parents=True, exist_ok=True)
