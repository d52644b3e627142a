"""The journals of one recording on one line of time: a lost worker's journal is followed by its successor's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vwindow.recording.block import JournalUnreadable
from vwindow.recording.reader import JournalReader
from vwindow.recording.source import LATER, SourceFacts, Span
from vwindow.recording.suite import DEFAULT, Suite
from vwindow.recording.survey import Survey, survey


@dataclass(frozen=True, slots=True)
class Part:
    """A journal; it begins `offset` seconds after the recording's start."""

    path: Path
    reader: JournalReader
    survey: Survey
    offset: float

    @property
    def end(self) -> float:
        """Return the second of the recording at which it ends."""
        return self.offset + self.survey.duration


@dataclass(slots=True)
class Timeline:
    """All parts of a recording in the order of their start."""

    parts: list[Part] = field(default_factory=list)
    unread: list[tuple[Path, str]] = field(default_factory=list)
    """Journals that nothing could be read of, and why."""
    sources: dict[str, SourceFacts] = field(default_factory=dict)
    pauses: list[Span] = field(default_factory=list)

    @property
    def suite(self) -> Suite:
        """Return the cipher and hash of the first journal; the finished files have the same."""
        header = self.parts[0].reader.header if self.parts else None
        return header.suite if header is not None else DEFAULT

    @property
    def started_wall(self) -> float:
        """Return the Unix seconds of second 0."""
        return self.parts[0].survey.started_wall if self.parts else 0.0

    @property
    def duration(self) -> float:
        """Return the seconds from the first part's start to the last one's end."""
        return self.parts[-1].end if self.parts else 0.0

    @property
    def torn(self) -> bool:
        """Tell whether any part was cut by a crash."""
        return any(part.survey.torn for part in self.parts)

    @property
    def damaged(self) -> bool:
        """Tell whether anything of a part was changed or is missing."""
        return bool(self.unread) or any(part.survey.damaged for part in self.parts)


def lay_out(journals: Sequence[Path], key: bytes) -> Timeline:
    """Survey journals and put them on one line by the wall clock; a later one never begins before the end of another.

    A journal that cannot be read costs the others nothing. Raises JournalUnreadable when none can be, and OSError.
    """
    line = Timeline()
    found: list[tuple[Path, JournalReader, Survey]] = []
    failure: JournalUnreadable | None = None
    for path in journals:
        try:
            reader = JournalReader(path, key)
        except JournalUnreadable as error:
            failure = error
            line.unread.append((path, error.code))
            continue
        found.append((path, reader, survey(reader)))
    if not found and failure is not None:
        raise failure
    begun = [entry for entry in found if entry[1].header is not None]
    begun.sort(key=lambda entry: entry[2].started_wall)
    # A crash may come before the header is whole: such a journal is empty, but it is there.
    for path, reader, seen in begun or found[:1]:
        offset = max(line.duration, seen.started_wall - line.started_wall) if line.parts else 0.0
        line.parts.append(Part(path, reader, seen, offset))
    for part in line.parts:
        line.pauses += [(begin + part.offset, end + part.offset) for begin, end in part.survey.pauses]
        _join(line.sources, part.survey.sources.values(), part.offset)
    return line


def _join(sources: dict[str, SourceFacts], later: Iterable[SourceFacts], offset: float) -> None:
    for facts in later:
        # A call whose media began anew in another codec goes on in further files.
        for name in (facts.name, facts.name + LATER):
            known = sources.get(name)
            if known is None:
                known = sources[name] = SourceFacts(name, facts.kind, facts.codec)
            if known.codec == facts.codec:
                known.join(facts, offset)
                break
