"""The techniques of looking at a keyboard."""

from collections.abc import Mapping

from devices.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "absent": Driver("devices.keyboard.absent:make"),
    "linux": Driver("devices.keyboard.linux:make"),
    "simulated": Driver("devices.keyboard.simulated:make"),
    "x11": Driver("devices.keyboard.x11:make", extra="x11"),
}
