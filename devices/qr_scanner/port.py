"""The port of QR scanners: codes that are shown to it, as bytes and as text."""

from dataclasses import dataclass, field
from typing import Protocol

from devices.device import Device
from devices.stream import Subscription

MAX_PAYLOAD_BYTES = 4296
"""The most that a QR code holds (ISO/IEC 18004, version 40-L, alphanumeric)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code; what is in it may name a person and stays out of `repr`.

    `text` is the payload read as UTF-8, else as GB 18030, else with replacement characters.
    """

    payload: bytes = field(repr=False)
    text: str = field(repr=False)
    symbology: str = "qr"


class QrScanner(Device, Protocol):
    """A scanner that looks only while there is a subscription; a code held before it is told once."""

    def codes(self) -> Subscription[Code]: ...
