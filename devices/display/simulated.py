"""A screen without hardware. Options: a size (`1080x1920`, the default); faults `off` and `no_touch`."""

import re
from collections.abc import Mapping

from devices.display.port import Screen
from devices.errors import DeviceUnavailable
from devices.polled import Polled
from devices.simulation import parse_faults

FAULTS: Mapping[str, float] = {"off": 1, "no_touch": 1}
DEEDS: Mapping[str, str] = {"off": "the screen goes dark", "on": "the screen is on again"}
SIZE = re.compile(r"([1-9]\d{2,4})x([1-9]\d{2,4})\Z")


class SimulatedDisplay(Polled):
    """There until it is turned off."""

    def __init__(self, screen: Screen, *, off: bool) -> None:
        super().__init__("display simulated", self._look, 0.5)
        self._screen = screen
        self._off = off

    @property
    def screen(self) -> Screen | None:
        return None if self._off else self._screen

    def deeds(self) -> Mapping[str, str]:
        return DEEDS

    async def do(self, deed: str, value: str = "") -> None:
        if deed not in DEEDS:
            raise ValueError(f'display: no deed "{deed}"')
        self._off = deed == "off"

    async def _look(self) -> str:
        if self._off:
            raise DeviceUnavailable("unplugged", "the screen is off: look at its power and cable")
        return f"simulated {self._screen.width}x{self._screen.height}{', touch' if self._screen.touch else ''}"


def make(options: str) -> SimulatedDisplay:
    """Make a simulated screen; raises ValueError for options it does not know."""
    faults, others = parse_faults(options, FAULTS)
    width, height = 1080, 1920
    for other in others:
        size = SIZE.match(other)
        if size is None:
            raise ValueError(f'simulated display: no option "{other}"; there are: WIDTHxHEIGHT, off, no_touch')
        width, height = int(size[1]), int(size[2])
    return SimulatedDisplay(Screen(width, height, touch="no_touch" not in faults), off="off" in faults)
