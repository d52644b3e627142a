"""The port of face cameras: pictures to any number of feeds, and a health that is always known."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.health import Health

Pause = Callable[[float], bool]
"""Wait that many seconds on the camera's thread; True when the camera is being closed."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in I420 (ITU-R BT.601, limited range).

    `pixels` is uint8 of shape (height * 3 // 2, width): the Y plane, then U, then V; nobody writes to it.
    `width` and `height` are even; `taken` is in monotonic seconds and rises from picture to picture.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    taken: float


class Feed(Protocol):
    """One reader of a camera; holds only the latest picture, older ones are dropped."""

    async def next(self) -> Picture:
        """Wait for a picture not given before; waits on while the camera is away."""
        ...

    def close(self) -> None:
        """Stop reading; the camera may stop streaming. Idempotent."""
        ...


class FaceCamera(Protocol):
    """A camera with one owner thread; it streams only while there is a feed."""

    @property
    def health(self) -> Health: ...

    def start(self, changed: Callable[[Health], None]) -> None:
        """Begin to watch the device; `changed` is called on the loop at each change of health."""
        ...

    def feed(self) -> Feed: ...

    async def close(self) -> None:
        """Stop streaming and join the thread, within 2 s; idempotent."""
        ...


class Grabber(Protocol):
    """A technique: blocking calls, all made on the camera's own thread."""

    def probe(self) -> str:
        """Return the identity of the device without streaming; raises DeviceUnavailable."""
        ...

    def open(self) -> None:
        """Begin to stream; raises DeviceUnavailable."""
        ...

    def grab(self, pause: Pause) -> Picture | None:
        """Return the next picture, None when there is none yet (≤ 1 s); raises DeviceUnavailable."""
        ...

    def close(self) -> None:
        """Stop streaming; idempotent, never raises."""
        ...


class LatestFeed:
    """The feed of every camera: one place for the latest picture."""

    def __init__(self, closed: Callable[["LatestFeed"], None]) -> None:
        self._closed = closed
        self._picture: Picture | None = None
        self._fresh = asyncio.Event()

    def put(self, picture: Picture) -> None:
        """Replace what was not fetched yet."""
        self._picture = picture
        self._fresh.set()

    async def next(self) -> Picture:
        while self._picture is None:
            self._fresh.clear()
            await self._fresh.wait()
        picture, self._picture = self._picture, None
        return picture

    def close(self) -> None:
        self._closed(self)
