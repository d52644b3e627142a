"""Judge what the computer tells of itself, every few seconds."""

from collections.abc import Callable
from dataclasses import replace

from devices.errors import DeviceUnavailable
from devices.host.port import HostFacts
from devices.own_thread import OwnThread
from devices.polled import Polled

LOOK_SECONDS = 5.0
LEAST_DISK_BYTES = 500_000_000
LEAST_MEMORY_BYTES = 150_000_000
HOT_CELSIUS = 90.0
CLOCK_SECONDS = 30.0
"""More than this and times of recordings and cases would be wrong."""


def judge(facts: HostFacts) -> None:
    """Raise DeviceUnavailable for what ends a kiosk's work."""
    if facts.disk_free_bytes < LEAST_DISK_BYTES:
        raise DeviceUnavailable("disk_full", f"{facts.disk_free_bytes // 1_000_000} MB are free: clear the disk")
    if facts.memory_free_bytes < LEAST_MEMORY_BYTES:
        raise DeviceUnavailable(
            "memory_short", f"{facts.memory_free_bytes // 1_000_000} MB are free: restart the computer"
        )
    if facts.temperature_celsius is not None and facts.temperature_celsius > HOT_CELSIUS:
        raise DeviceUnavailable("too_hot", f"{facts.temperature_celsius:.0f} °C: clean its fan and vents")
    if facts.clock_offset_seconds is not None and abs(facts.clock_offset_seconds) > CLOCK_SECONDS:
        raise DeviceUnavailable("clock_wrong", f"{facts.clock_offset_seconds:+.0f} s: set up time synchronisation")


class HostReader(Polled):
    """Read the facts on a thread of its own, since a dying disk may block, and judge them."""

    def __init__(self, name: str, read: Callable[[], HostFacts]) -> None:
        super().__init__(name, self._look, LOOK_SECONDS)
        self._read = read
        self._thread = OwnThread(name)
        self._offset: float | None = None
        self.facts: HostFacts | None = None

    def set_clock_offset(self, seconds: float) -> None:
        self._offset = seconds

    async def close(self) -> None:
        await super().close()
        await self._thread.close()

    async def _look(self) -> str:
        facts = await self._thread.call(self._read)
        if facts.clock_offset_seconds is None:
            facts = replace(facts, clock_offset_seconds=self._offset)
        self.facts = facts
        judge(facts)
        return f"{facts.system}, {facts.memory_bytes / 2**30:.1f} GiB"
