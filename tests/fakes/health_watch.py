"""What a device tells of its health, collected and waited for."""

import asyncio
from collections.abc import Callable

from devices.health import Health

LIMIT = 10.0


class HealthWatch:
    """The listener of a device's `start`."""

    def __init__(self) -> None:
        self.seen: list[Health] = []
        self._changed = asyncio.Event()

    def __call__(self, health: Health) -> None:
        self.seen.append(health)
        self._changed.set()

    async def until(self, fits: str | Callable[[Health], bool]) -> Health:
        """Wait until the present health has a state, or fits."""
        async with asyncio.timeout(LIMIT):
            while not (self.seen and self._fits(fits)):
                self._changed.clear()
                await self._changed.wait()
        return self.seen[-1]

    def _fits(self, fits: str | Callable[[Health], bool]) -> bool:
        return self.seen[-1].state == fits if isinstance(fits, str) else fits(self.seen[-1])
