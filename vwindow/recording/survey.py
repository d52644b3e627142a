"""What a journal holds: the first of two readings."""

from dataclasses import dataclass, field

from vwindow.recording.reader import JournalDamaged, JournalReader
from vwindow.recording.record import End, Pause, Track, TrackAnchor, TrackPacket
from vwindow.recording.source import CODECS, SourceFacts, Span
from vwindow.recording.trackclock import TrackClock


@dataclass(slots=True)
class Survey:
    """The tracks of a journal, their clocks, and how long it is."""

    started_wall: float = 0.0
    started: float = 0.0
    """On the worker's monotonic clock, as `ended`."""
    ended: float = 0.0
    tracks: dict[int, Track] = field(default_factory=dict)
    clocks: dict[int, TrackClock] = field(default_factory=dict)
    sources: dict[str, SourceFacts] = field(default_factory=dict)
    """Those with packets; seconds are from the journal's start."""
    pauses: list[Span] = field(default_factory=list)
    """Seconds from the journal's start."""
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
    paused_at: float | None = None
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
            elif isinstance(record, Pause):
                found.ended = max(found.ended, record.monotonic)
                if paused_at is not None:
                    found.pauses.append((paused_at, record.monotonic - found.started))
                paused_at = record.monotonic - found.started if record.begins else None
            elif isinstance(record, End):
                found.ended = max(found.ended, record.monotonic)
                found.dropped_video, found.dropped_audio = record.dropped_video, record.dropped_audio
    except JournalDamaged:
        found.damaged = True
    found.torn = reader.torn
    if paused_at is not None:
        found.pauses.append((paused_at, found.duration))
    return found


def _packet(found: Survey, record: TrackPacket) -> None:
    track = found.tracks.get(record.track)
    if track is None:  # its block was lost
        return
    packet = record.packet
    found.clocks[record.track].place(packet)
    found.ended = max(found.ended, packet.arrival)
    if not packet.payload or track.format.codec not in CODECS:
        return
    facts = found.sources.get(track.source)
    if facts is None:
        facts = SourceFacts(track.source, track.format.kind, track.format.codec)
        found.sources[track.source] = facts
    if facts.codec == track.format.codec:
        facts.take(packet, packet.arrival - found.started)
