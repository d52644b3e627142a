"""A keyboard without hardware. Fault: `pulled`."""

from devices.simulated_input import SimulatedInput, read_options


def make(options: str) -> SimulatedInput:
    """Make a simulated keyboard; raises ValueError for options it does not know."""
    return SimulatedInput("keyboard", pulled=read_options("keyboard", options))
