"""RTCP compounds: read what the worker acts on, skip the rest, write reports and requests.

RFC 3550 §6, RFC 4585 (NACK, PLI), RFC 5104 (FIR), draft-alvestrand-rmcat-remb-03 (REMB), transport-wide feedback.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vwindow.rtp.transportcc import TransportFeedback, parse_feedback

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
MAX_NACKED = 512
"""Numbers taken from one NACK packet; the rest is dropped."""

_HEAD = struct.Struct("!BBH")
_FEEDBACK = struct.Struct("!BBHII")
_BLOCK = struct.Struct("!IB3sIIII")
_SENDER = struct.Struct("!IQIII")
_PAIR = struct.Struct("!HH")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one receiver says of one stream; `delay` in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A PLI or FIR for each of these streams."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """16-bit numbers that a receiver misses, bounded to 512."""

    ssrc: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Remb:
    """A receiver's estimate in bit/s for these streams together."""

    bitrate: int
    ssrcs: tuple[int, ...]


Report = SenderReport | ReceiverReport | Bye | KeyframeRequest | Nack | Remb | TransportFeedback


def parse(data: bytes) -> list[Report]:
    """Read a compound; what is unknown or malformed is skipped, a cut end is ignored. Never raises."""
    found: list[Report] = []
    for kind, count, body in _packets(data):
        report = _read(kind, count, body)
        if report is not None:
            found.append(report)
    return found


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        body = data[at + 4 : end]
        if first & 0x20 and body:
            body = body[: max(0, len(body) - body[-1])]
        yield kind, first & 31, body
        at = end


def _read(kind: int, count: int, body: bytes) -> Report | None:
    if kind == SR and len(body) >= 24:
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        return SenderReport(ssrc, ntp, timestamp, packets, octets, _blocks(body, 24, count))
    if kind == RR and len(body) >= 4:
        return ReceiverReport(int.from_bytes(body[:4], "big"), _blocks(body, 4, count))
    if kind == BYE:
        return Bye(tuple(_words(body[: 4 * count])))
    if kind == RTPFB and count == 1 and len(body) >= 12:
        return Nack(int.from_bytes(body[4:8], "big"), tuple(_nacked(body[8:])))
    if kind == RTPFB and count == 15:
        return parse_feedback(body)
    if kind == PSFB and len(body) >= 8:
        if count == 1:
            return KeyframeRequest((int.from_bytes(body[4:8], "big"),))
        if count == 4:
            return KeyframeRequest(tuple(list(_words(body[8:]))[::2]))
        if count == 15 and body[8:12] == b"REMB" and len(body) >= 16:
            rate = int.from_bytes(body[13:16], "big")
            return Remb((rate & 0x3FFFF) << (rate >> 18), tuple(_words(body[16 : 16 + 4 * body[12]])))
    return None


def _words(data: bytes) -> Iterator[int]:
    for at in range(0, len(data) - 3, 4):
        yield int.from_bytes(data[at : at + 4], "big")


def _blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for start in range(at, min(len(body) - _BLOCK.size + 1, at + count * _BLOCK.size), _BLOCK.size):
        ssrc, fraction, lost, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, start)
        blocks.append(
            ReportBlock(ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, last_sr, delay)
        )
    return tuple(blocks)


def _nacked(body: bytes) -> Iterator[int]:
    left = MAX_NACKED
    for at in range(0, len(body) - 3, 4):
        first, bits = _PAIR.unpack_from(body, at)
        for step in range(17):
            if step == 0 or bits >> (step - 1) & 1:
                if left == 0:
                    return
                left -= 1
                yield (first + step) & 0xFFFF


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """Write a sender report without blocks."""
    return _HEAD.pack(0x80, SR, 6) + _SENDER.pack(
        ssrc, ntp, timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """Write a receiver report of at most 31 blocks."""
    blocks = blocks[:31]
    out = _HEAD.pack(0x80 | len(blocks), RR, 1 + 6 * len(blocks)) + ssrc.to_bytes(4, "big")
    for b in blocks:
        lost = b.lost.to_bytes(3, "big", signed=True)
        out += _BLOCK.pack(b.ssrc, b.fraction_lost, lost, b.highest, b.jitter, b.last_sr, b.delay)
    return out


def source_names(names: Sequence[tuple[int, str]]) -> bytes:
    """Write an SDES with a CNAME (at most 255 bytes) for each SSRC, at most 31."""
    body = b""
    for ssrc, name in names[:31]:
        text = name.encode()[:255]
        chunk = ssrc.to_bytes(4, "big") + bytes((1, len(text))) + text + b"\0"
        body += chunk + bytes(-len(chunk) % 4)
    return _HEAD.pack(0x80 | min(len(names), 31), SDES, len(body) // 4) + body


def picture_loss(sender: int, ssrc: int) -> bytes:
    """Write a PLI: ask the sender of `ssrc` for a keyframe."""
    return _FEEDBACK.pack(0x81, PSFB, 2, sender, ssrc)


def nack(sender: int, ssrc: int, numbers: Iterable[int]) -> bytes:
    """Write a NACK for ascending extended numbers, at most 100 pairs."""
    pairs: list[list[int]] = []
    for number in numbers:
        if pairs and 0 < number - pairs[-1][0] <= 16:
            pairs[-1][1] |= 1 << (number - pairs[-1][0] - 1)
        else:
            pairs.append([number, 0])
    pairs = pairs[:100]
    body = b"".join(_PAIR.pack(first & 0xFFFF, bits) for first, bits in pairs)
    return _FEEDBACK.pack(0x81, RTPFB, 2 + len(pairs), sender, ssrc) + body


def remb(sender: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    """Write a REMB of `bitrate` bit/s for at most 255 streams."""
    exponent = max(0, bitrate.bit_length() - 18)
    rate = exponent << 18 | bitrate >> exponent
    body = b"REMB" + bytes((len(ssrcs),)) + rate.to_bytes(3, "big")
    body += b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)
    return _FEEDBACK.pack(0x8F, PSFB, 2 + len(body) // 4, sender, 0) + body
