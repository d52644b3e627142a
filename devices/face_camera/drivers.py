"""The techniques of face cameras."""

from collections.abc import Mapping

from devices.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "absent": Driver("devices.face_camera.absent:make"),
    "file": Driver("devices.face_camera.file:make"),
    "simulated": Driver("devices.face_camera.simulated:make"),
    "v4l2": Driver("devices.face_camera.v4l2:make"),
}
