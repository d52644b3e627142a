"""What a block holds: its link, then tracks, packets, anchors, pauses and the end, one after the other."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vwindow.recording.suite import DIGEST_BYTES
from vwindow.sfu.ports import Anchor, Format, Packet

MAX_PAYLOAD_BYTES = 0xFFFF
MAX_TRACKS = 0xFFFF

_TRACK, _PACKET, _ANCHOR, _END, _LINK, _PAUSE = 1, 2, 3, 4, 5, 6
_MARKER, _KEYFRAME = 1, 2
_TRACK_HEAD = struct.Struct(">BBHIBB")
_PACKET_HEAD = struct.Struct(">BBHHIqd")
_ANCHOR_BODY = struct.Struct(">BxHId")
_END_BODY = struct.Struct(">BxxxdQQ")
_LINK_BODY = struct.Struct(f">Bxxxdd{DIGEST_BYTES}s")
_PAUSE_BODY = struct.Struct(">BBxxd")
LINK_BYTES = _LINK_BODY.size


@dataclass(frozen=True, slots=True)
class Track:
    """The packets that one sink wrote; a source that came back after a reconnect may have several."""

    number: int
    source: str
    format: Format


@dataclass(frozen=True, slots=True)
class TrackPacket:
    track: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class TrackAnchor:
    track: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class End:
    """Close of a journal on the worker's clock, with the packets that were dropped for want of space."""

    monotonic: float
    dropped_video: int
    dropped_audio: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Recording was suspended (`begins`) or went on at `monotonic`; between the two nothing is kept."""

    begins: bool
    monotonic: float


@dataclass(frozen=True, slots=True)
class Link:
    """First in each block: the hash over the journal before it, and what both clocks showed when it was sealed."""

    before: bytes
    monotonic: float
    wall: float


Record = Track | TrackPacket | TrackAnchor | Pause | End


def pack_track(track: Track) -> bytes:
    """Return the record of a track; ValueError when a name is longer than 255 bytes."""
    source, codec = track.source.encode(), track.format.codec.encode()
    kind = 1 if track.format.kind == "video" else 0
    if len(source) > 255 or len(codec) > 255:
        raise ValueError("name too long")
    head = _TRACK_HEAD.pack(_TRACK, kind, track.number, track.format.clock_rate, len(source), len(codec))
    return head + source + codec


def pack_packet(track: int, packet: Packet) -> bytes:
    """Return the record of a packet; struct.error when a field is out of its range."""
    payload = packet.payload
    return (
        _PACKET_HEAD.pack(
            _PACKET,
            packet.marker | packet.keyframe << 1,
            track,
            len(payload),
            packet.timestamp,
            packet.seq,
            packet.arrival,
        )
        + payload
    )


def pack_anchor(track: int, anchor: Anchor) -> bytes:
    """Return the record of an anchor; struct.error when a field is out of its range."""
    return _ANCHOR_BODY.pack(_ANCHOR, track, anchor.timestamp, anchor.monotonic)


def pack_end(end: End) -> bytes:
    """Return the last record of a journal."""
    return _END_BODY.pack(_END, end.monotonic, end.dropped_video, end.dropped_audio)


def pack_pause(pause: Pause) -> bytes:
    """Return the record of the begin or the end of a pause."""
    return _PAUSE_BODY.pack(_PAUSE, pause.begins, pause.monotonic)


def pack_link(link: Link) -> bytes:
    """Return the first record of a block."""
    return _LINK_BODY.pack(_LINK, link.monotonic, link.wall, link.before)


def unpack_link(block: bytes) -> Link | None:
    """Read the link of a block; None when it does not begin with one."""
    if len(block) < LINK_BYTES or block[0] != _LINK:
        return None
    _, monotonic, wall, before = _LINK_BODY.unpack_from(block)
    return Link(before, monotonic, wall)


def unpack_records(block: bytes) -> Iterator[Record]:
    """Read the records of a block without its link; ValueError when they do not fit."""
    at, size = 0, len(block)
    try:
        while at < size:
            first = block[at]
            if first == _PACKET:
                _, flags, track, length, timestamp, seq, arrival = _PACKET_HEAD.unpack_from(block, at)
                at += _PACKET_HEAD.size
                if at + length > size:
                    raise ValueError("a packet goes beyond its block")
                payload = block[at : at + length]
                at += length
                marker, keyframe = bool(flags & _MARKER), bool(flags & _KEYFRAME)
                yield TrackPacket(track, Packet(seq, timestamp, marker, payload, arrival, keyframe))
            elif first == _ANCHOR:
                _, track, timestamp, monotonic = _ANCHOR_BODY.unpack_from(block, at)
                at += _ANCHOR_BODY.size
                yield TrackAnchor(track, Anchor(timestamp, monotonic))
            elif first == _TRACK:
                _, kind, number, rate, source_size, codec_size = _TRACK_HEAD.unpack_from(block, at)
                at += _TRACK_HEAD.size
                names = block[at : at + source_size + codec_size]
                if len(names) < source_size + codec_size or rate == 0:
                    raise ValueError("a track goes beyond its block")
                at += len(names)
                form = Format("video" if kind else "audio", names[source_size:].decode(), rate)
                yield Track(number, names[:source_size].decode(), form)
            elif first == _END:
                _, monotonic, video, audio = _END_BODY.unpack_from(block, at)
                at += _END_BODY.size
                yield End(monotonic, video, audio)
            elif first == _PAUSE:
                _, begins, monotonic = _PAUSE_BODY.unpack_from(block, at)
                at += _PAUSE_BODY.size
                yield Pause(bool(begins), monotonic)
            else:
                raise ValueError("unknown record")
    except struct.error as error:
        raise ValueError("a record goes beyond its block") from error
