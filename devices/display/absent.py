"""A kiosk without a screen of its own."""

from devices.display.port import Screen
from devices.missing import Missing, refuse_options


class AbsentDisplay(Missing):
    """Show nothing."""

    screen: Screen | None = None


def make(options: str) -> AbsentDisplay:
    refuse_options(options)
    return AbsentDisplay()
