"""What drivers raise: a stable code, and for technicians what to do about it."""


class DeviceUnavailable(Exception):
    """Say that a device cannot be used now; `code` is stable, `hint` tells a technician what to do."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(f"{code}: {hint}" if hint else code)
        self.code = code
        self.hint = hint


class UnknownDriver(ValueError):
    """Say that the configuration names a driver that does not exist; the message lists those that do."""
