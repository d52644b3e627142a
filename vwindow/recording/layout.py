"""Which files a recording is made into.

Browsers play the first picture and the first voice of a file, so each side's face and microphone are one file, and
each further picture is one of its own: so is the shorter part of a picture that changed its codec. All begin at second
0 of the recording and last as long as it, so playing them in sync means starting them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vwindow.recording.source import LATER, SourceFacts

MAX_FILES = 16


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A file to make: its name without suffix and what goes into it ("" for nothing)."""

    name: str
    picture: str
    voice: str
    suffix: str

    @property
    def file_name(self) -> str:
        """Return the name of the finished file within its folder."""
        return f"{self.name}.{self.suffix}.sealed"

    @property
    def tracks(self) -> tuple[tuple[str, str], ...]:
        """Return kind and source of each track; the silence that stands in for a missing voice is none."""
        found = [("video", self.picture), ("audio", self.voice)]
        return tuple((kind, name.removesuffix(LATER)) for kind, name in found if name)


def plan_files(sources: Mapping[str, SourceFacts], without: frozenset[str]) -> list[FilePlan]:
    """Plan a file per side and per further source of what can be played, leaving out the pictures in `without`."""
    playable = {name for name, facts in sources.items() if facts.playable} - without
    plans = []
    for side in sorted({name.partition(".")[0] for name in playable}):
        faces = [name for name in (f"{side}.face", f"{side}.face{LATER}") if name in playable]
        face = max(faces, key=lambda name: sources[name].seconds, default="")
        voice = name if (name := f"{side}.microphone") in playable else ""
        if face or voice:
            plans.append(FilePlan(side, face, voice, _suffix(sources, face)))
    for name in sorted(playable - {name for plan in plans for name in (plan.picture, plan.voice)}):
        if sources[name].kind == "video":
            plans.append(FilePlan(name, name, "", _suffix(sources, name)))
        else:
            plans.append(FilePlan(name, "", name, "webm"))
    return plans[:MAX_FILES]


def _suffix(sources: Mapping[str, SourceFacts], picture: str) -> str:
    return "mp4" if picture and sources[picture].codec == "h264" else "webm"
