"""Playable files of packets that are already encoded: WebM for VP8, fragmented MP4 for H.264."""

import io
from datetime import UTC, datetime
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream

from vwindow.recording.sealed import SealedWriter
from vwindow.recording.template import RATE, h264_template, opus_template
from vwindow.recording.voice import Sound

_MILLISECOND = Fraction(1, 1000)
_SAMPLE = Fraction(1, RATE)


class PlayableFile:
    """Write one Opus track and at most one picture track into a sealed file that can be sought.

    The header carries the size of the first picture; later ones of other sizes are legal and players follow.
    """

    _container: OutputContainer
    _audio: AudioStream
    _video: Stream | None = None
    _last_ms = -1

    def picture(self, seconds: float, data: bytes, *, keyframe: bool) -> None:
        """Add a picture; one that is not later than its predecessor is shown 1 ms after it."""
        if self._video is None:
            raise ValueError("this file has no pictures")
        self._last_ms = at = max(self._last_ms + 1, round(seconds * 1000))
        packet = av.Packet(data)
        packet.stream = self._video
        packet.pts = packet.dts = at
        packet.time_base = _MILLISECOND
        packet.is_keyframe = keyframe
        self._container.mux_one(packet)

    def sound(self, sound: Sound) -> None:
        """Add an Opus packet."""
        packet = av.Packet(sound.data)
        packet.stream = self._audio
        packet.pts = packet.dts = sound.at
        packet.duration = sound.samples
        packet.time_base = _SAMPLE
        packet.is_keyframe = True
        self._container.mux_one(packet)

    def close(self) -> None:
        """Write what is needed for seeking, and the duration."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _date(self, started_wall: float) -> None:
        started = datetime.fromtimestamp(started_wall, UTC)
        self._container.metadata["creation_time"] = started.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class WebmFile(PlayableFile):
    """VP8 and Opus in WebM, with cues."""

    def __init__(self, output: SealedWriter, started_wall: float, size: tuple[int, int] | None) -> None:
        self._container = av.open(output, "w", format="webm")
        if size is not None:
            self._video = self._container.add_mux_stream("vp8", width=size[0], height=size[1], time_base=_MILLISECOND)
        with av.open(io.BytesIO(opus_template()), format="matroska") as template:
            # A mux stream cannot be given the OpusHead, without which no browser plays the track.
            self._audio = self._container.add_stream_from_template(template.streams.audio[0])
        self._date(started_wall)


class Mp4File(PlayableFile):
    """H.264 and Opus in fragmented MP4, a fragment per keyframe."""

    def __init__(self, output: SealedWriter, started_wall: float, size: tuple[int, int], configuration: bytes) -> None:
        flags = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
        self._container = av.open(output, "w", format="mp4", options=flags)
        with av.open(io.BytesIO(h264_template(configuration, size)), format="matroska") as template:
            self._video = self._container.add_stream_from_template(template.streams.video[0])
            self._audio = self._container.add_stream_from_template(template.streams.audio[0])
        self._date(started_wall)
