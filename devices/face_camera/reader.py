"""The owner thread of a camera: probe, stream while wanted, come back after an unplug."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable

from devices.errors import DeviceUnavailable
from devices.face_camera.port import Grabber, LatestFeed, Picture
from devices.health import Health
from devices.health_report import HealthReport

log = logging.getLogger(__name__)

PROBE_SECONDS = 1.0
RETRY_SECONDS = 0.5
"""Twice this and the opening itself must stay below the 2 s in which a plugged camera is back."""
LINGER_SECONDS = 5.0
"""Streaming goes on this long after the last feed: a camera needs up to a second to start again."""
SILENCE_SECONDS = 3.0
JOIN_SECONDS = 1.5


class CameraReader:
    """Run one grabber on one thread and fan its pictures out to feeds.

    The loop is handed at most one picture at a time; when it is late, older pictures are dropped.
    """

    def __init__(self, name: str, grabber: Grabber, *, linger: float = LINGER_SECONDS) -> None:
        self._name = name
        self._grabber = grabber
        self._linger = linger
        self._told = HealthReport(f"camera {name}")
        self._feeds: set[LatestFeed] = set()
        self._wanted_until = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def health(self) -> Health:
        return self._told.health

    def start(self, changed: Callable[[Health], None]) -> None:
        if self._thread is not None:
            raise RuntimeError(f"camera {self._name} was started twice")
        self._told.changed = changed
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name=f"camera:{self._name}", daemon=True)
        self._thread.start()

    def feed(self) -> LatestFeed:
        feed = LatestFeed(self._drop)
        self._feeds.add(feed)
        self._wanted_until = float("inf")
        self._wake.set()
        return feed

    async def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._feeds.clear()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, JOIN_SECONDS)
            if self._thread.is_alive():
                log.error("camera %s: its thread hangs in the driver and is left behind", self._name)

    def _drop(self, feed: LatestFeed) -> None:
        if feed in self._feeds:
            self._feeds.discard(feed)
            if not self._feeds:
                self._wanted_until = time.monotonic() + self._linger

    # ---- on the loop ------------------------------------------------------------------------------

    def _fan_out(self) -> None:
        with self._lock:
            picture, self._picture = self._picture, None
        if picture is not None:
            for feed in self._feeds:
                feed.put(picture)

    # ---- on the camera's thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                try:
                    identity = self._grabber.probe()
                    if time.monotonic() < self._wanted_until:
                        self._stream(identity)
                        continue
                    self._report(Health("ready", identity))
                except DeviceUnavailable as error:
                    self._report(Health("unavailable", "", error.code, error.hint))
                    self._stop.wait(RETRY_SECONDS)
                    continue
                except Exception:  # a broken driver must not end the agent: shown as a fault, tried again
                    log.exception("camera %s: its driver failed", self._name)
                    self._report(Health("unavailable", "", "driver_failed"))
                    self._stop.wait(RETRY_SECONDS)
                    continue
                self._wake.wait(PROBE_SECONDS)
        finally:
            self._grabber.close()

    def _stream(self, identity: str) -> None:
        try:
            self._grabber.open()
            last = time.monotonic()
            while not self._stop.is_set() and time.monotonic() < self._wanted_until:
                picture = self._grabber.grab(self._stop.wait)
                if picture is not None:
                    last = picture.taken
                    self._report(Health("ready", identity))
                    self._deliver(picture)
                elif time.monotonic() - last > SILENCE_SECONDS and not self._stop.is_set():
                    raise DeviceUnavailable("no_pictures", "the camera is there but sends nothing: replug it")
        finally:
            self._grabber.close()

    def _deliver(self, picture: Picture) -> None:
        with self._lock:
            asked, self._picture = self._picture is not None, picture
        if not asked:
            self._call(self._fan_out)

    def _report(self, health: Health) -> None:
        if health != self._told.health:
            self._call(lambda: self._told.take(health))

    def _call(self, function: Callable[[], None]) -> None:
        assert self._loop is not None
        # The loop may be closed between our test and the call: then nobody is there to be told.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)
