"""What a journal holds: the first of two readings."""

from dataclasses import dataclass, field

from vwindow.recording.reader import JournalDamaged, JournalReader
from vwindow.recording.record import End, Track, TrackAnchor, TrackPacket
from vwindow.recording.trackclock import TrackClock
from vwindow.recording.vp8 import is_keyframe, parse_descriptor, picture_size
from vwindow.sfu.ports import Packet


@dataclass(slots=True)
class Survey:
    """The tracks of a journal, their clocks, and how long the recording is."""

    started_wall: float = 0.0
    started: float = 0.0
    """On the worker's monotonic clock, as `ended`."""
    ended: float = 0.0
    tracks: dict[int, Track] = field(default_factory=dict)
    clocks: dict[int, TrackClock] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Source → size of its first keyframe; a video source without one cannot be played."""
    faces: set[str] = field(default_factory=set)
    """VP8 sources with packets."""
    voices: set[str] = field(default_factory=set)
    """Opus sources with packets."""
    dropped_video: int = 0
    dropped_audio: int = 0
    torn: bool = False
    damaged: bool = False

    @property
    def duration(self) -> float:
        """Return the seconds from the start to the end, or to the last packet of a torn journal."""
        return max(0.0, self.ended - self.started)


def survey(reader: JournalReader) -> Survey:
    """Read a journal once, keeping times but no payloads; raises OSError."""
    found = Survey()
    if reader.header is not None:
        found.started_wall = reader.header.started_wall
        found.started = found.ended = reader.header.started_monotonic
    try:
        for record in reader.records():
            if isinstance(record, TrackPacket):
                _packet(found, record)
            elif isinstance(record, TrackAnchor):
                if (clock := found.clocks.get(record.track)) is not None:
                    clock.anchor(record.anchor)
            elif isinstance(record, Track):
                found.tracks[record.number] = record
                found.clocks[record.number] = TrackClock(record.format.clock_rate)
            elif isinstance(record, End):
                found.ended = max(found.ended, record.monotonic)
                found.dropped_video, found.dropped_audio = record.dropped_video, record.dropped_audio
    except JournalDamaged:
        found.damaged = True
    found.torn = reader.torn
    return found


def _packet(found: Survey, record: TrackPacket) -> None:
    track = found.tracks.get(record.track)
    if track is None:  # its block was lost
        return
    packet = record.packet
    found.clocks[record.track].place(packet)
    found.ended = max(found.ended, packet.arrival)
    source, codec = track.source, track.format.codec
    if codec == "opus" and packet.payload:
        found.voices.add(source)
    elif codec == "vp8" and packet.payload:
        found.faces.add(source)
        if source not in found.sizes and (size := _keyframe_size(packet)) is not None:
            found.sizes[source] = size


def _keyframe_size(packet: Packet) -> tuple[int, int] | None:
    descriptor = parse_descriptor(packet.payload)
    if descriptor is None or not descriptor.begins:
        return None
    frame = packet.payload[descriptor.size : descriptor.size + 10]
    width, height = picture_size(frame) if is_keyframe(frame) else (0, 0)
    return (width, height) if width and height else None
