"""A mouse without hardware. Fault: `pulled`."""

from devices.simulated_input import SimulatedInput, read_options


def make(options: str) -> SimulatedInput:
    """Make a simulated mouse; raises ValueError for options it does not know."""
    return SimulatedInput("mouse", pulled=read_options("mouse", options))
