"""The techniques of looking at a mouse."""

from collections.abc import Mapping

from devices.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "absent": Driver("devices.mouse.absent:make"),
    "linux": Driver("devices.mouse.linux:make"),
    "simulated": Driver("devices.mouse.simulated:make"),
    "x11": Driver("devices.mouse.x11:make", extra="x11"),
}
