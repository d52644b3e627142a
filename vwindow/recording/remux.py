"""Journals into playable files: the second reading of a journal."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vwindow.recording.reader import JournalDamaged, JournalReader
from vwindow.recording.record import TrackPacket
from vwindow.recording.sealed import SealedWriter
from vwindow.recording.side import Side
from vwindow.recording.suite import DEFAULT, Suite
from vwindow.recording.survey import Survey
from vwindow.recording.webm import WebmFile

SIDES = {
    "kiosk": ("kiosk.face", "kiosk.microphone"),
    "staff": ("staff.face", "staff.microphone"),
}
"""Side → face and microphone. Browsers play the first picture and the first voice of a file, so each side is a file."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was written, still under its temporary name."""

    part: Path
    bytes: int
    tracks: tuple[tuple[str, str], ...]
    """Kind and source; the silence that stands in for a missing microphone is none."""
    frames: int
    sounds: int
    lost_frames: int


def file_name(side: str) -> str:
    """Return the name of a side's finished file within its folder."""
    return f"{side}.webm.sealed"


def remux(
    reader: JournalReader, survey: Survey, folder: Path, key: bytes, without: frozenset[str] = frozenset()
) -> dict[str, Made]:
    """Write a sealed WebM per side that has anything to play, leaving out the faces in `without`; raises OSError.

    All files start at the start of the recording and last as long as it. Plain media stays in memory, some 64 KiB of it
    at a time.
    """
    playable = set(survey.sizes) - without
    while True:
        made = _write(reader, survey, folder, key, playable)
        # A first keyframe may be there without ever being whole; players refuse a track without a frame.
        empty = {SIDES[side][0] for side, file in made.items() if SIDES[side][0] in playable and not file.frames}
        if not empty:
            return made
        for file in made.values():
            file.part.unlink()
        playable -= empty


def _write(reader: JournalReader, survey: Survey, folder: Path, key: bytes, playable: set[str]) -> dict[str, Made]:
    suite = reader.header.suite if reader.header is not None else DEFAULT
    with ExitStack() as stack:
        open_sides: dict[str, tuple[Side, WebmFile, SealedWriter]] = {}
        for name, (face, microphone) in SIDES.items():
            if face not in playable and microphone not in survey.voices:
                continue
            size = survey.sizes[face] if face in playable else None
            output = stack.enter_context(_output(folder / f"{file_name(name)}.part", key, suite))
            file = stack.enter_context(WebmFile(output, size, survey.started_wall))
            side = Side(survey, face, microphone, file, with_face=size is not None)
            open_sides[name] = side, file, output
        if open_sides:
            _play(reader, survey, [side for side, _, _ in open_sides.values()])
        made: dict[str, Made] = {}
        for name, (side, file, output) in open_sides.items():
            side.finish()
            file.close()
            size_bytes = output.finish()
            face, microphone = SIDES[name]
            tracks = [("video", face)] if face in playable else []
            tracks += [("audio", microphone)] if microphone in survey.voices else []
            part = folder / f"{file_name(name)}.part"
            made[name] = Made(part, size_bytes, tuple(tracks), side.frames, side.sounds, side.lost_frames)
        return made


def _play(reader: JournalReader, survey: Survey, sides: list[Side]) -> None:
    second = 0
    try:
        for record in reader.records():
            if not isinstance(record, TrackPacket) or (track := survey.tracks.get(record.track)) is None:
                continue
            for side in sides:
                side.take(track, record.packet)
            if (now := int(record.packet.arrival)) > second:
                second = now
                for side in sides:
                    side.advance(record.packet.arrival)
    except JournalDamaged:  # known since the survey
        return


@contextmanager
def _output(path: Path, key: bytes, suite: Suite) -> Iterator[SealedWriter]:
    output = SealedWriter(path, key, suite)
    try:
        yield output
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        output.close()
