"""A kiosk without a keyboard."""

from devices.missing import Missing, refuse_options


class AbsentKeyboard(Missing):
    """Never used."""

    last_used: float | None = None


def make(options: str) -> AbsentKeyboard:
    refuse_options(options)
    return AbsentKeyboard()
