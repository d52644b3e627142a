"""Which driver a name in the configuration means; a driver is imported only when it is chosen.

A driver is written `name` or `name:options`, for example `v4l2:/dev/video0`. "absent" is a legal choice of
every kind: a kiosk without that device.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from devices.errors import DeviceUnavailable, UnknownDriver
from devices.face_camera.port import FaceCamera


@dataclass(frozen=True, slots=True)
class Driver:
    """Where a driver lives: `module:function` of its maker, and the extra that brings its packages."""

    maker: str
    extra: str = ""


FACE_CAMERA: Mapping[str, Driver] = {
    "absent": Driver("devices.face_camera.absent:make"),
    "file": Driver("devices.face_camera.file:make"),
    "simulated": Driver("devices.face_camera.simulated:make"),
    "v4l2": Driver("devices.face_camera.v4l2:make"),
}


def face_camera(written: str) -> FaceCamera:
    """Make the face camera that the configuration names, without touching the device.

    Raises UnknownDriver, ValueError (options) or DeviceUnavailable (package missing).
    """
    return cast(FaceCamera, _make("face_camera", FACE_CAMERA, written))


def _make(kind: str, drivers: Mapping[str, Driver], written: str) -> object:
    name, _, options = written.strip().partition(":")
    driver = drivers.get(name)
    if driver is None:
        near = difflib.get_close_matches(name, drivers, n=1)
        guess = f' (did you mean "{near[0]}"?)' if near else ""
        raise UnknownDriver(f'{kind}: no driver "{name}"{guess}; there are: {", ".join(sorted(drivers))}')
    module, _, function = driver.maker.partition(":")
    try:
        maker = getattr(importlib.import_module(module), function)
    except ImportError as error:
        package = f"vwindow[{driver.extra}]" if driver.extra else (error.name or "its package")
        raise DeviceUnavailable("package_missing", f"install {package} for {kind} = {written}") from error
    return cast(object, maker(options))
