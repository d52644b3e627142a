"""One side of a recording on its way into a WebM file."""

from collections.abc import Iterator

from vwindow.recording.record import Track
from vwindow.recording.reorder import Reorder
from vwindow.recording.survey import Survey
from vwindow.recording.trackclock import TrackClock
from vwindow.recording.voice import Sound, VoiceLine
from vwindow.recording.vp8 import FrameAssembler
from vwindow.recording.webm import WebmFile
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
    """Lay one side's face and microphone into a file, from second 0 to the end of the recording.

    The Opus track is there from start to end even when the microphone is not, so both sides' files have one time.
    """

    def __init__(self, survey: Survey, face: str, microphone: str, file: WebmFile, *, with_face: bool) -> None:
        self._face = face if with_face else ""
        self._microphone = microphone
        self._survey = survey
        self._file = file
        self._voice = VoiceLine()
        self._pictures_lane, self._sounds_lane = Lane(survey), Lane(survey)
        self._assembler = FrameAssembler()
        self._generation = 0
        self.frames = 0
        self.sounds = 0
        """Opus packets, silence included."""
        self.lost_frames = 0
        """Frames that came but could not be decoded."""

    def take(self, track: Track, packet: Packet) -> None:
        """Take a packet of the journal."""
        if track.source == self._face and track.format.codec == "vp8":
            self._pictures(self._pictures_lane.take(track, packet))
        elif track.source == self._microphone and track.format.codec == "opus":
            self._sounds(self._sounds_lane.take(track, packet))

    def advance(self, now: float) -> None:
        """Follow the journal's time, so that a silent track does not hold up the other."""
        self._pictures(self._pictures_lane.advance(now))
        self._sounds(self._sounds_lane.advance(now))
        self._lay(self._voice.fill(now - self._survey.started - LAG_SECONDS))

    def finish(self) -> None:
        """Lay what waits, and silence to the end."""
        self._pictures(self._pictures_lane.flush())
        self._sounds(self._sounds_lane.flush())
        self._lay(self._voice.fill(self._survey.duration))
        self.lost_frames += self._assembler.dropped

    def _pictures(self, packets: Iterator[tuple[Packet, float]]) -> None:
        for packet, seconds in packets:
            if self._generation != self._pictures_lane.generation:
                self._generation = self._pictures_lane.generation
                self.lost_frames += self._assembler.dropped
                self._assembler = FrameAssembler()
            frame = self._assembler.push(packet, seconds)
            if frame is not None:
                # Frames from before the start are needed to decode the first one after it.
                shown = min(max(0.0, frame.time), self._survey.duration)
                self._file.picture(shown, frame.data, keyframe=frame.keyframe)
                self.frames += 1

    def _sounds(self, packets: Iterator[tuple[Packet, float]]) -> None:
        for packet, seconds in packets:
            self._lay(self._voice.put(seconds, packet.payload))

    def _lay(self, sounds: Iterator[Sound]) -> None:
        for sound in sounds:
            self._file.sound(sound)
            self.sounds += 1
