"""Offers of single streams (WHIP, RFC 9725; WHEP): any encoder's or player's m-lines, put into a table."""

from collections.abc import Mapping
from typing import Literal

from vwindow.errors import Refused
from vwindow.sfu.ports import Kind, SourceName
from vwindow.sfu.sdp import Offer, read_offer
from vwindow.sfu.slots import Line, VideoCodec

StreamKind = Literal["whip", "whep"]
MAX_STREAMS = 32
"""Streams of one room, of both kinds together."""

_SOURCES: Mapping[tuple[str, str], tuple[SourceName | Literal[""], SourceName | Literal[""]]] = {
    ("kiosk", "face"): ("kiosk.microphone", "kiosk.face"),
    ("kiosk", "microphone"): ("kiosk.microphone", ""),
    ("kiosk", "document"): ("", "kiosk.document"),
    ("kiosk", "screen"): ("", "kiosk.screen"),
    ("staff", "face"): ("staff.microphone", "staff.face"),
    ("staff", "microphone"): ("staff.microphone", ""),
    ("staff", "screen"): ("", "staff.screen"),
}
"""(side, source) → what its audio and its video m-line carry."""


def read_stream(sdp: str, kind: StreamKind, side: str, source: str, resource: str, video: VideoCodec = "vp8") -> Offer:
    """Read an offer with at most one audio and one video m-line, to publish (whip) or play (whep) a source.

    A face comes with the voice of its side; an m-line that the source has no use for is answered inactive.
    Raises Refused: `unknown_source`, and what `read_offer` raises.
    """
    carried = _SOURCES.get((side, source))
    if carried is None:
        raise Refused("unknown_source")
    kinds: list[Kind] = []
    for row in sdp.splitlines():
        if row.startswith("m="):
            if row.startswith("m=audio ") and "audio" not in kinds:
                kinds.append("audio")
            elif row.startswith("m=video ") and "video" not in kinds:
                kinds.append("video")
            else:
                raise Refused("bad_offer", "one audio and one video m-line at most")
    if not kinds and sdp.startswith("v=0"):
        raise Refused("bad_offer", "no m-line")
    sends = kind == "whip"
    table = tuple(Line(each, sends, carried[0] if each == "audio" else carried[1]) for each in kinds)
    try:
        return read_offer(sdp, kind, table or (Line("audio", sends, ""),), resource, video)
    except Refused as error:
        if error.code != "no_h264":
            raise
        # A camera or a wall display does not decide what the call is held in.
        raise Refused("no_common_codec", "the room is in H.264") from error


def sent_by(offer: Offer) -> frozenset[str]:
    """Return the sources that an offer sends."""
    return frozenset(line.source for line in offer.table if line.sends and line.source)
