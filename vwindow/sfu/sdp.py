"""An offer, read strictly (RFC 8866, RFC 8829): whatever we would have to guess is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vwindow.errors import Refused
from vwindow.sfu.ports import Kind
from vwindow.sfu.slots import LINES, Line, Part, VideoCodec

MAX_BYTES = 64 * 1024
MAX_LINES = 4000
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
_OPUS = "opus/48000/2"
_VIDEO: dict[VideoCodec, str] = {"vp8": "vp8/90000", "h264": "h264/90000"}
_EXTENSIONS: dict[Kind, tuple[str, ...]] = {
    "audio": (MID_URI, AUDIO_LEVEL_URI, ABS_SEND_TIME_URI, TRANSPORT_CC_URI),
    "video": (MID_URI, ABS_SEND_TIME_URI, TRANSPORT_CC_URI, PLAYOUT_DELAY_URI),
}
_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}\Z")
_ICE = re.compile(r"[A-Za-z0-9+/]{4,256}\Z")
_HEX = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2})*\Z")
_MEDIA = re.compile(r"(audio|video) (\d{1,5}) UDP/TLS/RTP/SAVPF ((?:\d{1,3})(?: \d{1,3})*)\Z")
_PROFILE = re.compile(r"42([0-9A-Fa-f]{2})[0-9A-Fa-f]{2}\Z")
_SSRC_LIMIT = 16


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """One m-line of an offer, reduced to what the worker uses."""

    kind: Kind
    mid: str
    direction: str
    payload_type: int
    feedback: tuple[str, ...]
    extensions: tuple[tuple[int, str], ...]
    ssrcs: tuple[int, ...]
    """Announced media SSRCs, repair streams left out."""
    repair: int = 0
    """Payload type of repair packets (RFC 4588), 0 when not offered."""
    repairs: tuple[tuple[int, int], ...] = ()
    """Announced repair SSRCs, each with its media SSRC."""
    red: int = 0
    """Payload type of redundant audio (RFC 2198) around the first one, 0 when not offered."""
    video: VideoCodec = "vp8"
    """What its pictures are, where it has any."""
    parameters: str = ""
    """What the answer repeats of the format's parameters."""

    def extension(self, uri: str) -> int:
        """Return the number of a header extension, 0 when not offered."""
        return next((number for number, known in self.extensions if known == uri), 0)

    @property
    def media_types(self) -> tuple[int, ...]:
        """Return the payload types of media, repair left out."""
        return (self.payload_type, self.red) if self.red else (self.payload_type,)

    @property
    def mid_extension(self) -> int:
        """Return the header extension number of MID, 0 when not offered."""
        return self.extension(MID_URI)

    @property
    def transport_wide(self) -> bool:
        """Tell whether the peer can report how all our packets travelled."""
        return "transport-cc" in self.feedback and self.extension(TRANSPORT_CC_URI) > 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A part's offer, checked against its table of m-lines."""

    part: Part
    lines: tuple[OfferedLine, ...]
    fingerprints: tuple[tuple[str, str], ...]
    ufrags: frozenset[str]
    table: tuple[Line, ...]
    """What each m-line is for."""
    resource: str = ""
    """Which stream it is, for WHIP and WHEP; a part of a call has none."""

    @property
    def place(self) -> str:
        """Return what may be taken once in a room: the part, or the stream."""
        return f"{self.part}-{self.resource}" if self.resource else self.part


def read_offer(
    text: str, part: Part, table: tuple[Line, ...] = (), resource: str = "", video: VideoCodec = "vp8"
) -> Offer:
    """Read an offer of `part` to a room with pictures in `video`, against its own table of m-lines or a given one.

    Raises Refused: `not_sdp`, `offer_without_audio`, `no_h264` (VP8 would do), `no_common_codec`, `bad_offer`.
    """
    session, sections = _sections(text)
    table = table or LINES[part]
    if table[0].kind == "audio" and not (sections and sections[0][0].startswith("audio ")):
        raise Refused("offer_without_audio")
    if len(sections) != len(table):
        raise Refused("bad_offer", f"{len(sections)} m-lines, expected {len(table)}")
    lines = tuple(_line(rows, want, video) for rows, want in zip(sections, table, strict=True))
    mids = [line.mid for line in lines]
    if len(set(mids)) != len(mids):
        raise Refused("bad_offer", "mid used twice")
    groups = [value.split(" ")[1:] for value in _values(session, "group") if value.startswith("BUNDLE ")]
    if groups != [mids]:
        raise Refused("bad_offer", "all m-lines must be in one bundle")
    announced = [ssrc for line in lines for ssrc in line.ssrcs]
    if len(set(announced)) != len(announced) or len(announced) > _SSRC_LIMIT:
        raise Refused("bad_offer", "ssrcs repeated or too many")
    every = [session, *sections]
    return Offer(part, lines, _fingerprints(every), _ufrags(session, sections), table, resource)


def _sections(text: str) -> tuple[list[str], list[list[str]]]:
    """Split into session rows ("a=" rows without it) and one list per m-line whose first entry is the m-line."""
    if len(text) > MAX_BYTES or not text.startswith("v=0"):
        raise Refused("not_sdp")
    session: list[str] = []
    sections: list[list[str]] = []
    rows = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(rows) > MAX_LINES:
        raise Refused("not_sdp")
    for row in rows:
        if len(row) < 2 or row[1] != "=" or not row[0].islower() or not row.isprintable():
            raise Refused("not_sdp")
        if row[0] == "m":
            if len(sections) == 32:
                raise Refused("bad_offer", "too many m-lines")
            sections.append([row[2:]])
        elif row[0] == "a":
            (sections[-1] if sections else session).append(row[2:])
    if not any(row.startswith("o=") for row in rows):
        raise Refused("not_sdp")
    return session, sections


def _values(rows: list[str], name: str) -> Iterator[str]:
    prefix = name + ":"
    return (row[len(prefix) :] for row in rows if row.startswith(prefix))


def _line(rows: list[str], want: Line, video: VideoCodec) -> OfferedLine:
    media = _MEDIA.match(rows[0])
    if media is None or media[1] != want.kind:
        raise Refused("bad_offer", f"expected {want.kind} over UDP/TLS/RTP/SAVPF")
    attributes = rows[1:]
    if media[2] == "0" and "bundle-only" not in attributes:
        raise Refused("bad_offer", "m-line with port 0")
    mid = next(_values(attributes, "mid"), "")
    if not _TOKEN.match(mid) or "rtcp-mux" not in attributes:
        raise Refused("bad_offer", "every m-line needs mid and rtcp-mux")
    directions = [row for row in attributes if row in _DIRECTIONS] or ["sendrecv"]
    allowed = ("sendrecv", "sendonly", "inactive") if want.sends else ("sendrecv", "recvonly", "inactive")
    if len(directions) != 1 or directions[0] not in allowed:
        raise Refused("bad_offer", f"direction of mid {mid}")
    listed = {int(number) for number in media[3].split(" ")}
    pictures = want.kind == "video"
    payload_type = _payload_type(attributes, video, listed) if pictures else _numbered(attributes, _OPUS, listed)
    if not payload_type:
        raise Refused("no_common_codec", want.kind)
    if not _dynamic(payload_type):
        raise Refused("bad_offer", "payload type out of the dynamic range")
    offered = {
        value.partition(" ")[2]
        for value in _values(attributes, "rtcp-fb")
        if value.partition(" ")[0] in (str(payload_type), "*")
    }
    feedback = tuple(name for name in _FEEDBACK if name in offered and (want.kind == "video" or name == "transport-cc"))
    repairs = _repairs(attributes) if want.sends else {}
    return OfferedLine(
        kind=want.kind,
        mid=mid,
        direction=directions[0],
        payload_type=payload_type,
        feedback=feedback,
        extensions=_extensions(attributes, want.kind),
        ssrcs=_ssrcs(attributes, repairs) if want.sends else (),
        repair=_around(attributes, "rtx/90000", f"apt={payload_type}", listed) if pictures else 0,
        repairs=tuple(repairs.items()),
        red=0 if pictures else _around(attributes, "red/48000/2", f"{payload_type}/{payload_type}", listed),
        video=video,
        parameters=_profile(attributes, payload_type) if pictures and video == "h264" else "",
    )


def _payload_type(attributes: list[str], video: VideoCodec, listed: set[int]) -> int:
    """Return the payload type of a room's pictures, 0 without."""
    if video == "vp8":
        return _numbered(attributes, _VIDEO["vp8"], listed)
    found = next((each for each in _all(attributes, _VIDEO["h264"], listed) if _profile(attributes, each)), 0)
    if not found and _numbered(attributes, _VIDEO["vp8"], listed):
        raise Refused("no_h264")
    return found


def _profile(attributes: list[str], payload_type: int) -> str:
    """Return an H.264 format's parameters when it is what every side can make and show, else "".

    That is constrained baseline (RFC 6184 §8.1, table 5: profile 42 with constraint_set1) in packets that are not
    interleaved. The level is the offer's own.
    """
    for value in _values(attributes, "fmtp"):
        if value.partition(" ")[0] == str(payload_type):
            given = dict(word.partition("=")[::2] for word in _parameters(value))
            profile = _PROFILE.match(given.get("profile-level-id", ""))
            if profile is not None and int(profile[1], 16) & 0x40 and given.get("packetization-mode") == "1":
                asymmetry = "level-asymmetry-allowed=1;" if given.get("level-asymmetry-allowed") == "1" else ""
                return f"{asymmetry}packetization-mode=1;profile-level-id={profile[0].lower()}"
    return ""


def _all(attributes: list[str], codec: str, listed: set[int]) -> Iterator[int]:
    """Return the payload types of a codec in the order of the offer."""
    for value in _values(attributes, "rtpmap"):
        number, _, name = value.partition(" ")
        if name.strip().lower() == codec and number.isdecimal() and int(number) in listed:
            yield int(number)


def _numbered(attributes: list[str], codec: str, listed: set[int]) -> int:
    """Return the first payload type of a codec, 0 without."""
    return next(_all(attributes, codec, listed), 0)


def _dynamic(number: int) -> bool:
    return 35 <= number <= 63 or 96 <= number <= 127  # RFC 5761 §4: not mistaken for RTCP


def _around(attributes: list[str], codec: str, parameters: str, listed: set[int]) -> int:
    """Return the payload type of `codec` with these fmtp parameters, 0 when there is none that can be used."""
    wanted = {value.partition(" ")[0] for value in _values(attributes, "fmtp") if parameters in _parameters(value)}
    for value in _values(attributes, "rtpmap"):
        number, _, name = value.partition(" ")
        if name.strip().lower() != codec or number not in wanted or not number.isdecimal():
            continue
        if int(number) in listed and _dynamic(int(number)):
            return int(number)
    return 0


def _parameters(value: str) -> list[str]:
    return [word.strip() for word in value.partition(" ")[2].split(";")]


def _extensions(attributes: list[str], kind: Kind) -> tuple[tuple[int, str], ...]:
    found: dict[int, str] = {}
    for value in _values(attributes, "extmap"):
        number, _, uri = value.partition(" ")
        number = number.partition("/")[0]
        if uri.strip() in _EXTENSIONS[kind] and number.isdecimal() and 1 <= int(number) <= 14:
            found.setdefault(int(number), uri.strip())
    return tuple(found.items())


def _repairs(attributes: list[str]) -> dict[int, int]:
    """Return repair SSRC → media SSRC, of FID and forward error correction groups alike."""
    repairs: dict[int, int] = {}
    for value in _values(attributes, "ssrc-group"):
        words = value.split(" ")
        if words[0] in ("FID", "FEC-FR") and len(words) == 3 and words[1].isdecimal() and words[2].isdecimal():
            repairs[int(words[2])] = int(words[1])
    return repairs


def _ssrcs(attributes: list[str], repairs: dict[int, int]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for value in _values(attributes, "ssrc"):
        number = value.partition(" ")[0]
        if not number.isdecimal() or int(number) > 0xFFFFFFFF:
            raise Refused("bad_offer", "ssrc is no number of 32 bits")
        if int(number) not in repairs:
            found[int(number)] = None
    return tuple(found)


def _fingerprints(every: list[list[str]]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for rows in every:
        for value in _values(rows, "fingerprint"):
            algorithm, _, digest = value.partition(" ")
            algorithm, digest = algorithm.lower(), digest.strip().upper()
            if algorithm in _DIGEST_BYTES:
                if not _HEX.match(digest) or len(digest) != 3 * _DIGEST_BYTES[algorithm] - 1:
                    raise Refused("bad_offer", "malformed fingerprint")
                found[(algorithm, digest)] = None
        for value in _values(rows, "setup"):
            if value not in ("actpass", "active"):
                raise Refused("bad_offer", "the worker answers as DTLS server only")
    if not found:
        raise Refused("bad_offer", "no fingerprint with a known digest")
    return tuple(found)


def _ufrags(session: list[str], sections: list[list[str]]) -> frozenset[str]:
    # A bundle uses the first section's; an offerer that gathers before it knows of the bundle has more.
    common = next(_values(session, "ice-ufrag"), "")
    found = {next(_values(rows, "ice-ufrag"), common) for rows in sections}
    if not all(_ICE.match(ufrag) for ufrag in found):
        raise Refused("bad_offer", "ice-ufrag missing or malformed")
    return frozenset(found)
