"""A keyboard as the kernel lists it; needs no X server and cannot tell when it was used. Not tried on hardware."""

from devices.input_list import KernelInput


def make(options: str) -> KernelInput:
    """Make the reader; `linux:NAME` wants a device whose name contains it."""
    return KernelInput("keyboard", options)
