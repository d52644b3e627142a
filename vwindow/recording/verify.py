"""Proof that a finished file can be opened, sought and played."""

from contextlib import suppress

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from vwindow.errors import VWindowError
from vwindow.recording.remux import Made
from vwindow.recording.sealed import SealBroken, SealedReader, SealedStream

MAX_DURATION_ERROR_SECONDS = 0.5
SEGMENT_PACKETS = 50


class NotPlayable(VWindowError):
    """Say that a finished file did not pass; `pictures` when leaving its pictures out would mend it."""

    def __init__(self, message: str, *, pictures: bool = False) -> None:
        super().__init__("verify_failed", message)
        self.pictures = pictures


def verify(made: Made, key: bytes, duration: float) -> float:
    """Read a file as a player would; return its duration in seconds. Raises NotPlayable, OSError."""
    try:
        with SealedReader(made.part, key) as reader:
            _compare("size", reader.size, made.bytes)
            return _play(reader, made, duration)
    except (FFmpegError, SealBroken) as error:
        raise NotPlayable(str(error)) from error


def _play(reader: SealedReader, made: Made, duration: float) -> float:
    demuxer = "mp4" if made.plan.suffix == "mp4" else "matroska"
    with av.open(SealedStream(reader), "r", format=demuxer) as container:
        shown = (container.duration or 0) / 1_000_000
        if abs(shown - duration) > MAX_DURATION_ERROR_SECONDS:
            raise NotPlayable(f"duration {shown:.1f} instead of {duration:.1f}")
        keyframes, frames, sounds = _count(container)
        _compare("frames", frames, made.frames)
        _compare("sounds", sounds, made.sounds)
        _decode_voice(container)
        if made.frames:
            chosen = sorted({keyframes[0], keyframes[len(keyframes) // 2], keyframes[-1]})
            # A camera may have sent a broken picture; that all are broken is no chance.
            if not [at for at in chosen if _decode_from(container, container.streams.video[0], at)]:
                raise NotPlayable("no picture can be decoded", pictures=True)
        return shown


def _count(container: InputContainer) -> tuple[list[int], int, int]:
    keyframes, frames, sounds = [], 0, 0
    for packet in container.demux():
        if packet.size == 0 or packet.pts is None:
            continue
        if packet.stream.type == "video":
            frames += 1
            if packet.is_keyframe:
                keyframes.append(packet.pts)
        else:
            sounds += 1
    if frames and not keyframes:
        raise NotPlayable("no keyframe")
    return keyframes, frames, sounds


def _decode_voice(container: InputContainer) -> None:
    container.seek(0)
    for number, packet in enumerate(container.demux(audio=0)):
        try:
            if packet.decode():
                return
        except FFmpegError:
            if number > SEGMENT_PACKETS:
                break
    raise NotPlayable("no sound can be decoded")


def _decode_from(container: InputContainer, stream: VideoStream, at: int) -> int:
    """Seek to a keyframe by the cues, decode at most 50 frames up to the next one; return how many succeeded."""
    container.seek(at, stream=stream)
    stream.codec_context.flush_buffers()
    decoded = 0
    for number, packet in enumerate(container.demux(stream)):
        if packet.pts is None or number >= SEGMENT_PACKETS or (number and packet.is_keyframe):
            break
        if number == 0 and (packet.pts > at or not packet.is_keyframe):
            raise NotPlayable("a seek does not end at a keyframe", pictures=True)
        with suppress(FFmpegError):
            decoded += len(packet.decode())
    return decoded


def _compare(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise NotPlayable(f"{what}: {found} instead of {expected}")
