"""A keyboard or mouse that is played."""

import time
from collections.abc import Callable, Mapping

from devices.errors import DeviceUnavailable
from devices.polled import Polled
from devices.simulation import parse_faults

DEEDS: Mapping[str, str] = {"use": "somebody uses it", "pull": "the plug is pulled", "plug": "the plug is put in"}
LOOK_SECONDS = 0.5


class SimulatedInput(Polled):
    """There until it is pulled."""

    def __init__(self, kind: str, *, pulled: bool, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(f"{kind} simulated", self._look, LOOK_SECONDS)
        self._kind = kind
        self._pulled = pulled
        self._monotonic = monotonic
        self.last_used: float | None = None

    def deeds(self) -> Mapping[str, str]:
        return DEEDS

    async def do(self, deed: str, value: str = "") -> None:
        if deed not in DEEDS:
            raise ValueError(f'{self._kind}: no deed "{deed}"')
        if deed == "use" and not self._pulled:
            self.last_used = self._monotonic()
        elif deed != "use":
            self._pulled = deed == "pull"

    async def _look(self) -> str:
        if self._pulled:
            raise DeviceUnavailable("unplugged", f"plug the {self._kind} in")
        return f"simulated {self._kind}"


def read_options(kind: str, options: str) -> bool:
    """Return whether the plug is out; raises ValueError."""
    faults, others = parse_faults(options, {"pulled": 1})
    if others:
        raise ValueError(f'simulated {kind}: no option "{others[0]}"; there is: pulled')
    return "pulled" in faults
