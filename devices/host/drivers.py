"""The techniques of looking at the computer."""

from collections.abc import Mapping

from devices.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "absent": Driver("devices.host.absent:make"),
    "linux": Driver("devices.host.linux:make"),
    "simulated": Driver("devices.host.simulated:make"),
}
