"""The port of document cameras: a live picture, and stills at full resolution."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.device import Device
from devices.face_camera.port import Feed


@dataclass(frozen=True, slots=True)
class Still:
    """One full-resolution picture: uint8 of shape (height, width, 3), BGR; `taken` in monotonic seconds."""

    pixels: NDArray[np.uint8] = field(repr=False)
    taken: float


class DocumentCamera(Device, Protocol):
    """A camera over a tray; it streams only while there is a feed."""

    def feed(self) -> Feed:
        """Return a reader of the live picture."""
        ...

    async def still(self) -> Still:
        """Take one picture at full resolution, within 3 s; raises DeviceUnavailable."""
        ...
