"""The computer with troubles on demand: its real facts, some of them changed.

Faults: `disk_full`, `memory_short`, `hot:CELSIUS` (95), `clock:SECONDS` (120).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from devices.host.linux import reading
from devices.host.port import HostFacts
from devices.host.reader import HostReader
from devices.simulation import parse_faults

FAULTS: Mapping[str, float] = {"disk_full": 1, "memory_short": 1, "hot": 95, "clock": 120}
DEEDS: Mapping[str, str] = {
    "disk_full": "the disk is nearly full",
    "memory_short": "memory is nearly used up",
    "hot": "the processor is too hot",
    "clock": "the clock is wrong",
    "well": "all is well again",
}


class SimulatedHost(HostReader):
    """Change what was really read."""

    def __init__(self, faults: Mapping[str, float]) -> None:
        self._faults = dict(faults)
        self._real = reading(Path())
        super().__init__("host simulated", self._changed_facts)

    def deeds(self) -> Mapping[str, str]:
        return DEEDS

    async def do(self, deed: str, value: str = "") -> None:
        if deed == "well":
            self._faults.clear()
        elif deed in FAULTS:
            faults, _ = parse_faults(f"{deed}:{value}" if value else deed, FAULTS)
            self._faults.update(faults)
        else:
            raise ValueError(f'host: no deed "{deed}"')

    def _changed_facts(self) -> HostFacts:
        facts = self._real()
        faults = dict(self._faults)
        if "disk_full" in faults:
            facts = replace(facts, disk_free_bytes=1_000_000)
        else:
            # A test machine's own disk must not decide how a simulated kiosk feels.
            facts = replace(facts, disk_free_bytes=max(facts.disk_free_bytes, 2_000_000_000))
        facts = replace(
            facts, memory_free_bytes=1_000_000 if "memory_short" in faults else max(facts.memory_free_bytes, 10**9)
        )
        return replace(
            facts,
            temperature_celsius=faults.get("hot", 45.0),
            clock_offset_seconds=faults.get("clock", facts.clock_offset_seconds),
        )


def make(options: str) -> SimulatedHost:
    """Make a simulated computer; raises ValueError for options it does not know."""
    faults, others = parse_faults(options, FAULTS)
    if others:
        raise ValueError(f'simulated host: no option "{others[0]}"; there are: {", ".join(FAULTS)}')
    return SimulatedHost(faults)
