"""A kiosk whose computer is not looked at."""

from devices.host.port import HostFacts
from devices.missing import Missing, refuse_options


class AbsentHost(Missing):
    """Know nothing."""

    facts: HostFacts | None = None

    def set_clock_offset(self, seconds: float) -> None:
        return None


def make(options: str) -> AbsentHost:
    refuse_options(options)
    return AbsentHost()
