"""Which driver a name in the configuration means; a driver is imported only when it is chosen.

A driver is written `name` or `name:options`, for example `v4l2:/dev/video0`. "absent" is a legal choice of
every kind: a kiosk without that device.
"""

import difflib
import importlib
from collections.abc import Mapping
from typing import cast

from devices.audio.port import Audio
from devices.device import Device
from devices.display.port import Display
from devices.document_camera.port import DocumentCamera
from devices.driver import Driver
from devices.errors import DeviceUnavailable, UnknownDriver
from devices.face_camera.port import FaceCamera
from devices.host.port import Host
from devices.id_card_reader.port import IdCardReader
from devices.keyboard.port import Keyboard
from devices.kinds import Kind
from devices.mouse.port import Mouse
from devices.printer.port import Printer
from devices.qr_scanner.port import QrScanner


def drivers(kind: Kind) -> Mapping[str, Driver]:
    """Return the techniques of a kind by name."""
    return cast(Mapping[str, Driver], importlib.import_module(f"devices.{kind}.drivers").DRIVERS)


def make(kind: Kind, written: str) -> Device:
    """Make the device that the configuration names, without touching it.

    Raises UnknownDriver, ValueError (options) or DeviceUnavailable (package missing).
    """
    known = drivers(kind)
    name, _, options = written.strip().partition(":")
    driver = known.get(name)
    if driver is None:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f' (did you mean "{near[0]}"?)' if near else ""
        raise UnknownDriver(f'{kind}: no driver "{name}"{guess}; there are: {", ".join(sorted(known))}')
    module, _, function = driver.maker.partition(":")
    try:
        maker = getattr(importlib.import_module(module), function)
    except ImportError as error:
        package = f"vwindow[{driver.extra}]" if driver.extra else (error.name or "its package")
        raise DeviceUnavailable("package_missing", f"install {package} for {kind} = {written}") from error
    return cast(Device, maker(options))


def id_card_reader(written: str) -> IdCardReader:
    return cast(IdCardReader, make("id_card_reader", written))


def qr_scanner(written: str) -> QrScanner:
    return cast(QrScanner, make("qr_scanner", written))


def face_camera(written: str) -> FaceCamera:
    return cast(FaceCamera, make("face_camera", written))


def document_camera(written: str) -> DocumentCamera:
    return cast(DocumentCamera, make("document_camera", written))


def printer(written: str) -> Printer:
    return cast(Printer, make("printer", written))


def display(written: str) -> Display:
    return cast(Display, make("display", written))


def keyboard(written: str) -> Keyboard:
    return cast(Keyboard, make("keyboard", written))


def mouse(written: str) -> Mouse:
    return cast(Mouse, make("mouse", written))


def host(written: str) -> Host:
    return cast(Host, make("host", written))


def audio(written: str) -> Audio:
    return cast(Audio, make("audio", written))
