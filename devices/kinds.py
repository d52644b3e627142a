"""The kinds of devices of a kiosk, and which of them clause 5.2.1.3 of the standard demands."""

from typing import Literal

Kind = Literal[
    "display", "printer", "id_card_reader", "qr_scanner", "face_camera", "document_camera", "keyboard", "mouse", "host",
    "audio",
]  # fmt: skip

MANDATORY: tuple[Kind, ...] = (
    "display", "printer", "id_card_reader", "qr_scanner", "face_camera", "document_camera", "keyboard", "mouse", "host",
)  # fmt: skip
"""The nine modules of 5.2.1.3, in its order: without one of them a kiosk is not ready."""

KINDS: tuple[Kind, ...] = (*MANDATORY, "audio")
