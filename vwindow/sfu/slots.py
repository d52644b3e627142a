"""Which m-lines each part offers, what it may send and what it is shown: no renegotiation, so all is fixed."""

from dataclasses import dataclass
from typing import Literal

from vwindow.sfu.ports import Format, Kind, SourceName

Part = Literal["page", "agent", "console", "guest", "observer", "whip", "whep"]
"""The parts of a call, whose m-lines are fixed below, and single streams (see streams.py), whose are not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One m-line: what the part sends on it, or which source its slot shows ("" for none yet)."""

    kind: Kind
    sends: bool
    source: SourceName | Literal[""]


def _send(kind: Kind, source: SourceName) -> Line:
    return Line(kind, True, source)


def _slot(kind: Kind, source: SourceName | Literal[""] = "") -> Line:
    return Line(kind, False, source)


_VISITOR = (_slot("video", "kiosk.face"), _slot("video", "kiosk.document"), _slot("video", "kiosk.screen"))
_STAFF = (_slot("video", "staff.face"), _slot("video", "staff.screen"))

LINES: dict[Part, tuple[Line, ...]] = {
    "page": (
        _send("audio", "kiosk.microphone"),
        _slot("audio", "staff.microphone"),
        _slot("audio", "guest.microphone"),
        _slot("audio", "observer.microphone"),
        *_STAFF,
    ),
    "agent": (
        _send("video", "kiosk.face"),
        _send("video", "kiosk.document"),
        _send("video", "kiosk.screen"),
    ),
    "console": (
        _send("audio", "staff.microphone"),
        _send("video", "staff.face"),
        _send("video", "staff.screen"),
        _slot("audio", "kiosk.microphone"),
        _slot("audio", "guest.microphone"),
        _slot("audio", "observer.microphone"),
        _slot("audio"),
        *_VISITOR,
        _slot("video", "guest.face"),
        _slot("video", "guest.screen"),
    ),
    "guest": (
        _send("audio", "guest.microphone"),
        _send("video", "guest.face"),
        _send("video", "guest.screen"),
        _slot("audio", "kiosk.microphone"),
        _slot("audio", "staff.microphone"),
        _slot("audio", "observer.microphone"),
        _slot("audio"),
        *_VISITOR,
        *_STAFF,
    ),
    "observer": (
        _send("audio", "observer.microphone"),
        _slot("audio", "kiosk.microphone"),
        _slot("audio", "staff.microphone"),
        _slot("audio", "guest.microphone"),
        _slot("audio"),
        *_VISITOR,
        *_STAFF,
        _slot("video", "guest.face"),
    ),
}

GRANTED: frozenset[str] = frozenset(
    {"kiosk.microphone", "kiosk.face", "staff.microphone", "staff.face", "guest.microphone", "guest.face"}
)
"""Sources that are forwarded; a packet of any other reaches nobody, the recorder included. An observer is not heard."""

FORMATS: dict[Kind, Format] = {
    "audio": Format("audio", "opus", 48_000),
    "video": Format("video", "vp8", 90_000),
}


def stream_of(line: Line, mid: str) -> tuple[str, str]:
    """Return msid stream and track of a slot: microphone and face of a side share a stream, for lip sync."""
    side, _, what = line.source.partition(".")
    if not side:
        return f"slot-{mid}", f"slot-{mid}-{line.kind}"
    stream = side if what in ("microphone", "face") else f"{side}-{what}"
    return stream, f"{side}-{what}"
