"""A kiosk without a mouse."""

from devices.missing import Missing, refuse_options


class AbsentMouse(Missing):
    """Never used."""

    last_used: float | None = None


def make(options: str) -> AbsentMouse:
    refuse_options(options)
    return AbsentMouse()
