"""The groups in which the pages show the items; every item is in exactly one."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from vwindow.catalogue import data_file
from vwindow.catalogue.pinyin import spell


class Group(BaseModel):
    """One group with its names and their spelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    zh: str
    en: str
    syllables: str
    """Pinyin of `zh`, one syllable per character, with spaces between."""
    pinyin: str
    initials: str


class GroupList:
    """All groups in the order in which the pages show them."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = {group.group: group for group in groups}

    @classmethod
    def load(cls, edition: str = data_file.EDITION) -> "GroupList":
        """Read the groups of an edition."""
        return cls([_group(row) for row in data_file.read(f"groups-{edition}.json")["groups"]])

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)

    def __contains__(self, group: object) -> bool:
        return group in self._groups

    def get(self, group: str) -> Group:
        """Return a group by its name; raises KeyError."""
        return self._groups[group]


def _group(row: dict[str, str]) -> Group:
    syllables = row.get("syllables", "").split() or spell(row["zh"])
    return Group(
        group=row["group"],
        zh=row["zh"],
        en=row["en"],
        syllables=" ".join(syllables),
        pinyin="".join(syllables),
        initials="".join(syllable[0] for syllable in syllables),
    )
