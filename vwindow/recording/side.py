"""The sources of one file on their way into it."""

from collections.abc import Iterator

from vwindow.recording.h264 import H264Assembler
from vwindow.recording.layout import FilePlan
from vwindow.recording.playable import PlayableFile
from vwindow.recording.record import Track
from vwindow.recording.reorder import Reorder
from vwindow.recording.survey import Survey
from vwindow.recording.timeline import Part, Timeline
from vwindow.recording.trackclock import TrackClock
from vwindow.recording.voice import Sound, VoiceLine
from vwindow.recording.vp8 import FrameAssembler
from vwindow.sfu.ports import Packet

LAG_SECONDS = 5.0
"""Silence is laid this far behind the journal: more than a missing packet is waited for."""


class Lane:
    """Order the packets of one source and time them from the start of the recording.

    When a newer track or epoch of the source begins, the older one is over: what still comes of it is left out.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._clocks: dict[int, TrackClock] = {}
        self._current = (-1, -1)
        self._order: Reorder[float] = Reorder()
        self.generation = 0
        """Grows when packets of a newer track or epoch are about to come."""

    def take(self, track: Track, packet: Packet) -> Iterator[tuple[Packet, float]]:
        """Take a packet as it came; give packets in order, each with its seconds from the start."""
        clock = self._clocks.get(track.number)
        if clock is None:
            clock = self._clocks[track.number] = TrackClock(track.format.clock_rate)
        place = clock.place(packet)
        current = (track.number, place.epoch)
        if current < self._current:
            return
        if current > self._current:
            yield from self._order.flush()
            self._order = Reorder()
            self._current = current
            self.generation += 1
        made = self._survey.clocks[track.number].time(place)
        # Nothing is made after it came, whatever a wrong anchor says.
        yield from self._order.push(packet, min(made, packet.arrival) - self._survey.started)

    def advance(self, now: float) -> Iterator[tuple[Packet, float]]:
        """Give up waiting for packets that are overdue at `now` on the worker's clock."""
        yield from self._order.advance(now)

    def flush(self) -> Iterator[tuple[Packet, float]]:
        """Give the rest."""
        yield from self._order.flush()


class Side:
    """Lay the sources of one file into it, from second 0 to the end of the recording, part after part.

    The Opus track is there from start to end even when the microphone is not, so all files have one time.
    """

    def __init__(self, plan: FilePlan, line: Timeline, file: PlayableFile) -> None:
        self.plan = plan
        self._sources = line.sources
        self._duration = line.duration
        self._file = file
        self._part: Part | None = None
        self._voice = VoiceLine()
        self._pictures_lane: Lane | None = None
        self._sounds_lane: Lane | None = None
        self._assembler = self._new_assembler()
        self._generation = 0
        self.frames = 0
        self.sounds = 0
        """Opus packets, silence included."""
        self.lost_frames = 0
        """Frames that came but could not be decoded."""

    def begin(self, part: Part) -> None:
        """Go on with the next journal."""
        self._flush()
        self._part = part
        self._pictures_lane, self._sounds_lane = Lane(part.survey), Lane(part.survey)
        self._generation = -1

    def wants(self, track: Track) -> bool:
        """Tell whether a track goes into this file."""
        names = (self.plan.picture, self.plan.voice)
        facts = (self._sources[name] for name in names if name)
        return any(track.source == each.source and track.format.codec == each.codec for each in facts)

    def take(self, track: Track, packet: Packet) -> None:
        """Take a packet of the present part, of a track that this file wants."""
        if track.format.kind == "video":
            if self._pictures_lane is not None:
                self._pictures(self._pictures_lane.take(track, packet))
        elif self._sounds_lane is not None:
            self._sounds(self._sounds_lane.take(track, packet))

    def advance(self, now: float) -> None:
        """Follow the part's time, so that a silent track does not hold up the other."""
        if self._part is None or self._pictures_lane is None or self._sounds_lane is None:
            return
        self._pictures(self._pictures_lane.advance(now))
        self._sounds(self._sounds_lane.advance(now))
        self._lay(self._voice.fill(self._part.offset + now - self._part.survey.started - LAG_SECONDS))

    def finish(self) -> None:
        """Lay what waits, and silence to the end."""
        self._flush()
        self._lay(self._voice.fill(self._duration))
        self.lost_frames += self._assembler.dropped

    def _flush(self) -> None:
        if self._pictures_lane is not None and self._sounds_lane is not None:
            self._pictures(self._pictures_lane.flush())
            self._sounds(self._sounds_lane.flush())

    def _new_assembler(self) -> FrameAssembler | H264Assembler:
        h264 = self.plan.picture and self._sources[self.plan.picture].codec == "h264"
        return H264Assembler() if h264 else FrameAssembler()

    def _placed(self, seconds: float) -> float:
        # Frames from before the start of a part are needed to decode the first one after it.
        offset = self._part.offset if self._part is not None else 0.0
        return min(offset + max(0.0, seconds), self._duration)

    def _pictures(self, packets: Iterator[tuple[Packet, float]]) -> None:
        for packet, seconds in packets:
            lane = self._pictures_lane
            if lane is not None and self._generation != lane.generation:
                self._generation = lane.generation
                self.lost_frames += self._assembler.dropped
                self._assembler = self._new_assembler()
            frame = self._assembler.push(packet, seconds)
            if frame is not None:
                self._file.picture(self._placed(frame.time), frame.data, keyframe=frame.keyframe)
                self.frames += 1

    def _sounds(self, packets: Iterator[tuple[Packet, float]]) -> None:
        offset = self._part.offset if self._part is not None else 0.0
        for packet, seconds in packets:
            # What was spoken before a part's start has no place in it.
            self._lay(self._voice.put(offset + seconds, packet.payload))

    def _lay(self, sounds: Iterator[Sound]) -> None:
        for sound in sounds:
            self._file.sound(sound)
            self.sounds += 1
