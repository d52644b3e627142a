"""The port of the kiosk's sound: levels, device choice, handset. The voice itself is the page's."""

from dataclasses import dataclass
from typing import Literal, Protocol

from devices.device import Device
from devices.stream import Subscription

Way = Literal["speaker", "microphone"]


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device of the sound system; `level` is 0 to 1."""

    way: Way
    name: str
    level: float
    muted: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class HandsetMoved:
    """The privacy handset was lifted or hung up."""

    lifted: bool


class Audio(Device, Protocol):
    """The sound system of the kiosk."""

    @property
    def devices(self) -> tuple[SoundDevice, ...]: ...

    async def choose(self, way: Way, name: str) -> None:
        """Use the device whose name contains `name`; raises DeviceUnavailable("no_such_device")."""
        ...

    async def set_level(self, way: Way, level: float) -> None:
        """Set a level of 0 to 1; raises ValueError, DeviceUnavailable."""
        ...

    async def mute(self, way: Way, muted: bool) -> None: ...

    async def announce(self) -> None:
        """Play the short sound that calls attention; raises DeviceUnavailable."""
        ...

    def handset(self) -> Subscription[HandsetMoved]: ...
