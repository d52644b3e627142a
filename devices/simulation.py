"""What all simulated devices have in common: named faults, and deeds by which a test or a technician plays the world.

Faults are written after the driver's name, separated by commas, each with seconds or a number:
`simulated:jam:3,slow:0.2`.
"""

import math
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

MAX_VALUE = 3600.0


@runtime_checkable
class Scriptable(Protocol):
    """A simulated device that can be told what happens to it."""

    def deeds(self) -> Mapping[str, str]:
        """Return what can happen by name, each with a sentence for a technician."""
        ...

    async def do(self, deed: str, value: str = "") -> None:
        """Let it happen; raises ValueError for an unknown deed or value."""
        ...


def parse_faults(written: str, known: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
    """Return the faults in a driver's options with their values, and the options that are no faults.

    `known` has the value that each fault takes when none is written. Raises ValueError for a value that is no number
    between 0 and 3600.
    """
    faults: dict[str, float] = {}
    others: list[str] = []
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, _, value = part.partition(":")
        if name not in known:
            others.append(part)
            continue
        faults[name] = _number(value, part) if value else known[name]
    return faults, others


def _number(written: str, part: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and 0 <= number <= MAX_VALUE):
        raise ValueError(f'"{part}": {written} is no number between 0 and {MAX_VALUE:.0f}')
    return number
