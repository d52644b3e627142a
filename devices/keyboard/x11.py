"""A keyboard as the X server lists it (XInput 2), with the time of its last use."""

from devices.x11_input import X11Input


def make(options: str) -> X11Input:
    """Make the reader; `x11:NAME` wants a device whose name contains it."""
    return X11Input("keyboard", options)
