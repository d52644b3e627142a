"""Journals into playable files: the second reading of a journal."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vwindow.recording.h264 import configuration
from vwindow.recording.layout import FilePlan, plan_files
from vwindow.recording.playable import Mp4File, PlayableFile, WebmFile
from vwindow.recording.reader import JournalDamaged
from vwindow.recording.record import TrackPacket
from vwindow.recording.sealed import SealedWriter
from vwindow.recording.side import Side
from vwindow.recording.suite import Suite
from vwindow.recording.timeline import Part, Timeline


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was written, still under its temporary name."""

    plan: FilePlan
    part: Path
    bytes: int
    frames: int
    sounds: int
    lost_frames: int


def remux(line: Timeline, folder: Path, key: bytes, without: frozenset[str] = frozenset()) -> list[Made]:
    """Write a sealed file for each side and further picture that has anything to play; raises OSError.

    The pictures in `without` are left out. All files start at the start of the recording and last as long as it.
    Plain media stays in memory, some 64 KiB of it at a time.
    """
    while True:
        made = _write(line, folder, key, plan_files(line.sources, without))
        # A first keyframe may be there without ever being whole; players refuse a track without a frame.
        empty = {file.plan.picture for file in made if file.plan.picture and not file.frames}
        if not empty:
            return made
        for file in made:
            file.part.unlink()
        without |= empty


def _write(line: Timeline, folder: Path, key: bytes, plans: list[FilePlan]) -> list[Made]:
    with ExitStack() as stack:
        sides: list[tuple[Side, PlayableFile, SealedWriter]] = []
        for plan in plans:
            output = stack.enter_context(_output(folder / f"{plan.file_name}.part", key, line.suite))
            file = stack.enter_context(_file(line, plan, output))
            sides.append((Side(plan, line, file), file, output))
        if sides:
            for part in line.parts:
                _play(part, [side for side, _, _ in sides])
        made = []
        for side, file, output in sides:
            side.finish()
            file.close()
            path = folder / f"{side.plan.file_name}.part"
            made.append(Made(side.plan, path, output.finish(), side.frames, side.sounds, side.lost_frames))
        return made


def _file(line: Timeline, plan: FilePlan, output: SealedWriter) -> PlayableFile:
    if not plan.picture:
        return WebmFile(output, line.started_wall, None)
    facts = line.sources[plan.picture]
    _, width, height = facts.sizes[0]
    if facts.codec == "h264":
        return Mp4File(output, line.started_wall, (width, height), configuration(facts.sps, facts.pps))
    return WebmFile(output, line.started_wall, (width, height))


def _play(part: Part, sides: list[Side]) -> None:
    tracks = part.survey.tracks
    takers: dict[int, list[Side]] = {}
    for side in sides:
        side.begin(part)
    second = 0
    try:
        for record in part.reader.records():
            if not isinstance(record, TrackPacket) or (track := tracks.get(record.track)) is None:
                continue
            taking = takers.get(track.number)
            if taking is None:
                taking = takers[track.number] = [side for side in sides if side.wants(track)]
            for side in taking:
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
