"""The port of the kiosk's mouse: is it there, and when was it last used; never what was done with it."""

from typing import Protocol

from devices.device import Device


class Mouse(Device, Protocol):
    """A mouse as the system sees it."""

    @property
    def last_used(self) -> float | None:
        """Return when it was last used, in monotonic seconds; None when that is not known."""
        ...
