"""The one answer to an offer: ICE-lite, DTLS passive, one bundle, our own SSRC in every slot."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from vwindow.sfu.ports import Kind
from vwindow.sfu.sdp import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    PLAYOUT_DELAY_URI,
    TRANSPORT_CC_URI,
    Offer,
    OfferedLine,
)
from vwindow.sfu.slots import Line, stream_of

_OPUS = "minptime=10;useinbandfec=1"
_VIDEO = {"vp8": "VP8", "h264": "H264"}
_EXTENSIONS: dict[Kind, frozenset[str]] = {
    "audio": frozenset({MID_URI, AUDIO_LEVEL_URI}),
    "video": frozenset({MID_URI, ABS_SEND_TIME_URI}),
}
"""What helps us with a peer's packets: towards us one REMB rules, so we do not report on each of them."""
_STAMPS = frozenset({ABS_SEND_TIME_URI, TRANSPORT_CC_URI, PLAYOUT_DELAY_URI})
"""What our packets may carry."""


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of one peer: credentials, the certificate's fingerprint, candidates in order of preference."""

    ufrag: str
    password: str
    fingerprint: str
    """Digest name and value, as in a=fingerprint."""
    candidates: tuple[tuple[str, int], ...]
    passive: tuple[tuple[str, int], ...] = ()
    """Where we take TCP connections."""


def sendable(offer: Offer, index: int) -> bool:
    """Tell whether packets are taken on this m-line; who gets them is a matter of grants."""
    line = offer.table[index]
    return line.sends and line.source != "" and offer.lines[index].direction != "inactive"


def write_answer(offer: Offer, local: Local, ssrcs: Sequence[tuple[int, int]], session: int, version: int = 1) -> str:
    """Write the answer; `ssrcs` has our SSRC for each m-line and that of its repair stream."""
    host, port = local.candidates[0]
    family = _family(host)
    rows = [
        "v=0",
        f"o=- {session} {version} IN {family} {host}",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(line.mid for line in offer.lines),
        "a=msid-semantic: WMS *",
    ]
    for index, (line, want) in enumerate(zip(offer.lines, offer.table, strict=True)):
        types = " ".join(str(number) for number in _types(line))
        rows += [f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {types}", f"c=IN {family} {host}"]
        rows += _line(line, _direction(offer, index), want.sends)
        if not want.sends and line.direction != "inactive":
            rows += _slot(want, line, ssrcs[index])
        rows += _transport(local)
    return "\r\n".join(rows) + "\r\n"


def _direction(offer: Offer, index: int) -> str:
    if offer.table[index].sends:
        return "recvonly" if sendable(offer, index) else "inactive"
    return "inactive" if offer.lines[index].direction == "inactive" else "sendonly"


def _types(line: OfferedLine) -> list[int]:
    # What comes first is what a browser sends.
    return [number for number in (line.red, line.payload_type, line.repair) if number]


def _line(line: OfferedLine, direction: str, sends: bool) -> list[str]:
    number = line.payload_type
    rows = [f"a=mid:{line.mid}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"]
    wanted = _EXTENSIONS[line.kind] if sends else _STAMPS
    if sends or not line.transport_wide:
        wanted, refused = wanted - {TRANSPORT_CC_URI}, "transport-cc"
    else:
        refused = "goog-remb"
    rows += [f"a=extmap:{extension} {uri}" for extension, uri in line.extensions if uri in wanted]
    feedback = [f"a=rtcp-fb:{number} {name}" for name in line.feedback if name != refused]
    if line.kind == "audio":
        rows += [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {_OPUS}", *feedback]
        if line.red:
            rows += [f"a=rtpmap:{line.red} red/48000/2", f"a=fmtp:{line.red} {number}/{number}"]
        return rows
    rows += [f"a=rtpmap:{number} {_VIDEO[line.video]}/90000", *feedback]
    if line.parameters:
        rows.append(f"a=fmtp:{number} {line.parameters}")
    if line.repair:
        rows += [f"a=rtpmap:{line.repair} rtx/90000", f"a=fmtp:{line.repair} apt={number}"]
    return rows


def _slot(want: Line, line: OfferedLine, ssrcs: tuple[int, int]) -> list[str]:
    stream, track = stream_of(want, line.mid)
    rows = [f"a=msid:{stream} {track}"]
    if line.repair:
        rows.append(f"a=ssrc-group:FID {ssrcs[0]} {ssrcs[1]}")
    for ssrc in ssrcs if line.repair else ssrcs[:1]:
        rows += [f"a=ssrc:{ssrc} cname:{stream}", f"a=ssrc:{ssrc} msid:{stream} {track}"]
    return rows


def _transport(local: Local) -> list[str]:
    rows = [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint}",
        "a=setup:passive",
    ]
    for index, (host, port) in enumerate(local.candidates):
        priority = 126 << 24 | (65535 - index) << 8 | 255  # RFC 8445 §5.1.2.1, host, component 1
        rows.append(f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host")
    for index, (host, port) in enumerate(local.passive):
        # Below all of UDP: for networks that let nothing else through (RFC 6544 §4.2, direction preference 4).
        priority = 90 << 24 | (4 << 13 | 8191 - index) << 8 | 255
        number = len(local.candidates) + index + 1
        rows.append(f"a=candidate:{number} 1 tcp {priority} {host} {port} typ host tcptype passive")
    return [*rows, "a=end-of-candidates"]


def _family(host: str) -> str:
    return "IP6" if ipaddress.ip_address(host).version == 6 else "IP4"
