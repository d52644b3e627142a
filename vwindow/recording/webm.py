"""WebM files of packets that are already encoded."""

import io
import struct
from datetime import UTC, datetime
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.stream import Stream

from vwindow.recording.sealed import SealedWriter
from vwindow.recording.voice import RATE, Sound

_MILLISECOND = Fraction(1, 1000)
_SAMPLE = Fraction(1, RATE)


class WebmFile:
    """Write one Opus track and at most one VP8 track into a sealed file, with a duration and cues for seeking.

    The header carries the size of the first picture; later pictures of other sizes are legal VP8 and players follow.
    """

    def __init__(self, output: SealedWriter, size: tuple[int, int] | None, started_wall: float) -> None:
        self._container = av.open(output, "w", format="webm")
        self._video: Stream | None = None
        if size is not None:
            self._video = self._container.add_mux_stream("vp8", width=size[0], height=size[1], time_base=_MILLISECOND)
        with av.open(io.BytesIO(_opus_header()), format="matroska") as template:
            # A mux stream cannot be given the OpusHead, without which no browser plays the track.
            self._audio = self._container.add_stream_from_template(template.streams.audio[0])
        started = datetime.fromtimestamp(started_wall, UTC)
        self._container.metadata["creation_time"] = started.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._last_ms = -1

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
        """Write cues and duration."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _opus_header() -> bytes:
    """Return a minimal WebM file with one stereo Opus track (RFC 7845 §5.1, RFC 9559)."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 2, 0, RATE, 0, 0)
    doctype = _element("4282", b"webm") + _element("4287", b"\x04") + _element("4285", b"\x02")
    audio = _element("B5", struct.pack(">d", RATE)) + _element("9F", b"\x02")
    entry = _element("D7", b"\x01") + _element("73C5", b"\x01") + _element("83", b"\x02")
    entry += _element("86", b"A_OPUS") + _element("63A2", head) + _element("E1", audio)
    tracks = _element("1654AE6B", _element("AE", entry))
    # A demuxer looks for a first block before it believes in the track.
    cluster = _element("1F43B675", _element("E7", b"\x00") + _element("A3", b"\x81\x00\x00\x80\xf8\xff\xfe"))
    return _element("1A45DFA3", doctype) + _element("18538067", tracks + cluster)


def _element(identity: str, data: bytes) -> bytes:
    return bytes.fromhex(identity) + (1 << 56 | len(data)).to_bytes(8, "big") + data
