"""A device that is only looked at now and then: there, gone, or short of something."""

import asyncio
from collections.abc import Awaitable, Callable

from devices.device import Changed
from devices.health import Health
from devices.keeper import OPEN_SECONDS, Keeper

LOOK_SECONDS = 1.0


class PolledSession:
    """Look at the device again and again; `look` returns its identity or raises DeviceUnavailable."""

    def __init__(self, look: Callable[[], Awaitable[str]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds

    async def open(self) -> str:
        return await self._look()

    async def serve(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            async with asyncio.timeout(OPEN_SECONDS):  # what hangs is told as what does not answer
                await self._look()

    async def close(self) -> None:
        return None


class Polled:
    """What the kinds that are only looked at have in common."""

    def __init__(self, name: str, look: Callable[[], Awaitable[str]], seconds: float | None = None) -> None:
        self._keeper = Keeper(name, PolledSession(look, LOOK_SECONDS if seconds is None else seconds))

    @property
    def health(self) -> Health:
        return self._keeper.health

    def start(self, changed: Changed) -> None:
        self._keeper.start(changed)

    async def close(self) -> None:
        await self._keeper.close()
