"""The techniques of looking at the screen."""

from collections.abc import Mapping

from devices.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "absent": Driver("devices.display.absent:make"),
    "simulated": Driver("devices.display.simulated:make"),
    "x11": Driver("devices.display.x11:make", extra="x11"),
}
