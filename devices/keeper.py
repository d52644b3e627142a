"""Keep one device in use: open it, work with it until it goes, open it again when it is back."""

import asyncio
import contextlib
import logging
from typing import Protocol

from devices.device import Changed
from devices.errors import DeviceUnavailable
from devices.health import Health
from devices.health_report import HealthReport

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
"""Twice this and the opening itself must stay below the 2 s in which a plugged device is back."""
OPEN_SECONDS = 5.0
CLOSE_SECONDS = 1.5


class Session(Protocol):
    """A technique on one device: what the keeper drives, one step at a time, on the loop without blocking it."""

    async def open(self) -> str:
        """Open the device and return its identity; raises DeviceUnavailable."""
        ...

    async def serve(self) -> None:
        """Work until the device goes; raises DeviceUnavailable then. Ends by cancellation."""
        ...

    async def close(self) -> None:
        """Let go of the device, also of one half open; idempotent, never raises."""
        ...


class Keeper:
    """Run one session for ever and tell of each change of health, with one log line down and one up."""

    def __init__(self, name: str, session: Session, *, retry: float | None = None) -> None:
        """`name` is the kind and the technique, as in "id_card_reader sdt"."""
        self._name = name
        self._session = session
        self._retry = RETRY_SECONDS if retry is None else retry
        self._report = HealthReport(name)
        self._task: asyncio.Task[None] | None = None

    @property
    def health(self) -> Health:
        return self._report.health

    def start(self, changed: Changed) -> None:
        """Begin; once."""
        if self._task is not None:
            raise RuntimeError(f"{self._name} was started twice")
        self._report.changed = changed
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"device:{self._name}")

    async def close(self) -> None:
        """End the session and let go of the device within 2 s; idempotent."""
        task = self._task
        if task is None:
            return
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=CLOSE_SECONDS)
        if not done:
            log.error("%s does not let go of its device and is left behind", self._name)

    def report(self, health: Health) -> None:
        """Take what a session finds out while it serves: a device that answers but cannot work now."""
        self._report.take(health)

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    identity = await self._session.open()
                self.report(Health("ready", identity))
                await self._session.serve()
                raise DeviceUnavailable("driver_failed", "the driver ended by itself")
            except DeviceUnavailable as error:
                self.report(Health("unavailable", "", error.code, error.hint))
            except TimeoutError:
                self.report(Health("unavailable", "", "no_answer", "it does not answer: replug it, look at its power"))
            except Exception:  # a broken driver must not end the agent: shown as a fault, tried again
                log.exception("%s: its driver failed", self._name)
                self.report(Health("unavailable", "", "driver_failed"))
            finally:
                with contextlib.suppress(DeviceUnavailable):
                    await self._session.close()
            await asyncio.sleep(self._retry)
