"""The port of the kiosk's computer: load, memory, disk, temperature, clock, versions, network."""

from dataclasses import dataclass
from typing import Protocol

from devices.device import Device


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the computer tells of itself; None for what it does not know."""

    processor_share: float
    """Of all cores, 0 to 1, over the last seconds."""
    memory_bytes: int
    memory_free_bytes: int
    disk_bytes: int
    disk_free_bytes: int
    temperature_celsius: float | None
    clock_offset_seconds: float | None
    """Its clock minus the server's."""
    uptime_seconds: float
    system: str
    kernel: str
    python: str
    addresses: tuple[str, ...]
    """By interface, as in "eth0 10.1.2.3"; no loopback."""


class Host(Device, Protocol):
    """The computer; `unavailable` when something is short enough to end its work."""

    @property
    def facts(self) -> HostFacts | None: ...

    def set_clock_offset(self, seconds: float) -> None:
        """Take what the link to the server measured."""
        ...
