"""A camera without hardware: a drawn person with a moving time code, at real speed, with named faults.

Options, separated by commas: a size (`1280x720@30`, default 640x480@30) and faults:

- `freeze` or `freeze:SECONDS`: the picture, its time code included, stops that long after opening (2 s);
- `pulled:SECONDS`: the plug is out for that long, once, one second after the camera was first opened;
- `dark`: the lens is covered: nearly black, no time code.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from devices.errors import DeviceUnavailable
from devices.face_camera import size as sizes
from devices.face_camera import timecode
from devices.face_camera.port import Pause, Picture
from devices.face_camera.reader import CameraReader
from devices.face_camera.scene import PHASES, Pixels, Scene

CYCLE_SECONDS = 6.0
PULLED_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Faults:
    """What misbehaves: seconds, or None for never."""

    freeze: float | None = None
    pulled: float | None = None
    dark: bool = False


class SimulatedGrabber:
    """Draw pictures on time; `wall` gives unix seconds for the time code."""

    def __init__(self, size: sizes.Size, faults: Faults, wall: Callable[[], float] = time.time) -> None:
        self._size = size
        self._faults = faults
        self._wall = wall
        self._scene: Scene | None = None
        self._opened = 0.0
        self._first_opened: float | None = None
        self._next = 0.0
        self._frozen: Pixels | None = None

    def probe(self) -> str:
        self._look_at_plug()
        return f"simulated {self._size.width}x{self._size.height}@{self._size.rate}"

    def open(self) -> None:
        self._look_at_plug()
        if self._scene is None:
            self._scene = Scene(self._size.width, self._size.height)
        self._opened = self._next = time.monotonic()
        if self._first_opened is None:
            self._first_opened = self._opened
        self._frozen = None

    def grab(self, pause: Pause) -> Picture | None:
        now = time.monotonic()
        if now < self._next and pause(self._next - now):
            return None
        self._look_at_plug()
        taken = max(time.monotonic(), self._next)
        # A late thread skips pictures instead of sending a burst of them.
        self._next = max(self._next + 1 / self._size.rate, taken)
        return Picture(self._draw(taken), self._size.width, self._size.height, taken)

    def close(self) -> None:
        self._frozen = None

    def _draw(self, taken: float) -> Pixels:
        assert self._scene is not None
        frozen = self._faults.freeze is not None and taken - self._opened >= self._faults.freeze
        if frozen and self._frozen is not None:
            return self._frozen
        pixels = self._scene.picture(int(taken / CYCLE_SECONDS * PHASES))
        if self._faults.dark:
            pixels[: self._size.height] = 16 + (pixels[: self._size.height] >> 5)
        else:
            # Last of all: the code must tell when the picture left, not when its drawing began.
            timecode.write(pixels, self._size.width, self._size.height, int(self._wall() * 1000))
        self._frozen = pixels if frozen else None
        return pixels

    def _look_at_plug(self) -> None:
        if self._faults.pulled is None or self._first_opened is None:
            return
        since = time.monotonic() - self._first_opened
        if PULLED_AFTER <= since < PULLED_AFTER + self._faults.pulled:
            raise DeviceUnavailable("unplugged", "simulated: the plug is out")


def make(options: str) -> CameraReader:
    """Make a simulated camera; raises ValueError for options it does not know."""
    size, freeze, pulled, dark = sizes.Size(), None, None, False
    for option in filter(None, (part.strip() for part in options.split(","))):
        name, _, value = option.partition(":")
        if name[0].isdigit():
            size = sizes.parse(option)
        elif name == "freeze":
            freeze = _seconds(value or "2")
        elif name == "pulled":
            pulled = _seconds(value or "0.5")
        elif option == "dark":
            dark = True
        else:
            raise ValueError(
                f'simulated camera: no option "{option}"; there are: WIDTHxHEIGHT@RATE, freeze, pulled, dark'
            )
    return CameraReader("simulated", SimulatedGrabber(size, Faults(freeze, pulled, dark)))


def _seconds(written: str) -> float:
    seconds = float(written)
    if not (math.isfinite(seconds) and 0 <= seconds <= 3600):
        raise ValueError(f"{written} is not a number of seconds between 0 and 3600")
    return seconds
