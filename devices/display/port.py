"""The port of the kiosk's screen."""

from dataclasses import dataclass
from typing import Protocol

from devices.device import Device


@dataclass(frozen=True, slots=True)
class Screen:
    """What the screen is: size in pixels, and whether it can be touched."""

    width: int
    height: int
    touch: bool


class Display(Device, Protocol):
    """The screen that the visitor sees."""

    @property
    def screen(self) -> Screen | None:
        """Return what was found, None while there is no screen."""
        ...
