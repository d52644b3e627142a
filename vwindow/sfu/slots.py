"""Which m-lines each part offers, what it may send and what it is shown: no renegotiation, so all is fixed."""

from dataclasses import dataclass
from typing import Literal

from vwindow.sfu.ports import Format, Kind, SourceName

Part = Literal["page", "agent", "console", "guest", "observer", "whip", "whep"]
"""The parts of a call, whose m-lines are fixed below, and single streams (see streams.py), whose are not."""
VideoCodec = Literal["vp8", "h264"]


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

GRANTED: frozenset[SourceName] = frozenset(
    {"kiosk.microphone", "kiosk.face", "staff.microphone", "staff.face", "guest.microphone", "guest.face"}
)
"""What a room begins with. A packet of any other source reaches nobody, the recorder included: an observer is not
heard, a screen not seen, until the server grants it."""
GRANTABLE: dict[str, SourceName] = {
    line.source: line.source for table in LINES.values() for line in table if line.sends and line.source
}
"""What a side may ever be granted: all that a table lets it send. It is answered from the start, so that a grant needs
no new offer."""

_AUDIO = Format("audio", "opus", 48_000)
_VIDEO: dict[VideoCodec, Format] = {name: Format("video", name, 90_000) for name in ("vp8", "h264")}


def format_of(kind: Kind, video: VideoCodec = "vp8") -> Format:
    """Return what the packets of a kind are; a room has one codec for all its pictures."""
    return _AUDIO if kind == "audio" else _VIDEO[video]


def stream_of(line: Line, mid: str) -> tuple[str, str]:
    """Return msid stream and track of a slot: microphone and face of a side share a stream, for lip sync."""
    side, _, what = line.source.partition(".")
    if not side:
        return f"slot-{mid}", f"slot-{mid}-{line.kind}"
    stream = side if what in ("microphone", "face") else f"{side}-{what}"
    return stream, f"{side}-{what}"
