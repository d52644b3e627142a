"""What every device of a kiosk is, whatever its kind."""

from collections.abc import Callable
from typing import Protocol

from devices.health import Health

Changed = Callable[[Health], None]
"""Called on the loop at each change of health; must not wait."""


class Device(Protocol):
    """A device that is watched from `start` to `close`: it goes and comes back by itself."""

    @property
    def health(self) -> Health: ...

    def start(self, changed: Changed) -> None:
        """Begin to watch the device; once."""
        ...

    async def close(self) -> None:
        """Let go of the device within 2 s; idempotent."""
        ...
