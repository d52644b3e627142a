"""The one answer to an offer: ICE-lite, DTLS passive, one bundle, our own SSRC in every slot."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from vwindow.sfu.sdp import Offer, OfferedLine
from vwindow.sfu.slots import GRANTED, Line, stream_of

_OPUS = "minptime=10;useinbandfec=1"


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of one peer: credentials, the certificate's fingerprint, candidates in order of preference."""

    ufrag: str
    password: str
    fingerprint: str
    """Digest name and value, as in a=fingerprint."""
    candidates: tuple[tuple[str, int], ...]


def granted(offer: Offer, index: int) -> bool:
    """Tell whether packets on this sending m-line are forwarded."""
    line = offer.table[index]
    # A stream's grant is the token that its offer came with.
    leave = line.source in GRANTED or (offer.resource != "" and line.source != "")
    return line.sends and leave and offer.lines[index].direction != "inactive"


def write_answer(offer: Offer, local: Local, ssrcs: Sequence[int], session: int, version: int = 1) -> str:
    """Write the answer; `ssrcs` has our SSRC for each slot and 0 for each sending m-line."""
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
        rows += [f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {line.payload_type}", f"c=IN {family} {host}"]
        rows += _line(line, _direction(offer, index))
        if not want.sends and line.direction != "inactive":
            rows += _slot(want, line.mid, ssrcs[index])
        rows += _transport(local)
    return "\r\n".join(rows) + "\r\n"


def _direction(offer: Offer, index: int) -> str:
    if offer.table[index].sends:
        return "recvonly" if granted(offer, index) else "inactive"
    return "inactive" if offer.lines[index].direction == "inactive" else "sendonly"


def _line(line: OfferedLine, direction: str) -> list[str]:
    number = line.payload_type
    rows = [f"a=mid:{line.mid}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"]
    rows += [f"a=extmap:{extension} {uri}" for extension, uri in line.extensions]
    if line.kind == "audio":
        return [*rows, f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {_OPUS}"]
    return [*rows, f"a=rtpmap:{number} VP8/90000", *(f"a=rtcp-fb:{number} {name}" for name in line.feedback)]


def _slot(want: Line, mid: str, ssrc: int) -> list[str]:
    stream, track = stream_of(want, mid)
    return [f"a=msid:{stream} {track}", f"a=ssrc:{ssrc} cname:{stream}", f"a=ssrc:{ssrc} msid:{stream} {track}"]


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
    return [*rows, "a=end-of-candidates"]


def _family(host: str) -> str:
    return "IP6" if ipaddress.ip_address(host).version == 6 else "IP4"
