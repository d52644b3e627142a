"""A kiosk without a face camera, as an object: no picture ever, health "absent"."""

from collections.abc import Callable

from devices.face_camera.port import LatestFeed
from devices.health import Health


class AbsentCamera:
    """Give feeds that stay empty."""

    def __init__(self) -> None:
        self.health = Health("absent")

    def start(self, changed: Callable[[Health], None]) -> None:
        changed(self.health)

    def feed(self) -> LatestFeed:
        return LatestFeed(lambda _: None)

    async def close(self) -> None:
        return None


def make(options: str) -> AbsentCamera:
    """Make the absent camera; it takes no options."""
    if options:
        raise ValueError(f'"absent" takes no options, got "{options}"')
    return AbsentCamera()
