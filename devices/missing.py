"""A device that a kiosk does not have, by choice: what the absent drivers of all kinds share."""

from devices.device import Changed
from devices.health import Health


class Missing:
    """Always absent."""

    def __init__(self) -> None:
        self.health = Health("absent")

    def start(self, changed: Changed) -> None:
        changed(self.health)

    async def close(self) -> None:
        return None


def refuse_options(options: str) -> None:
    """Raise ValueError when "absent" was given options."""
    if options:
        raise ValueError(f'"absent" takes no options, got "{options}"')
