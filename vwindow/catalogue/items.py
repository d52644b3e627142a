"""The service items of annex A, table A.1: number and wording as the standard has them."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vwindow.catalogue import data_file
from vwindow.catalogue.pinyin import spell
from vwindow.errors import Refused


class Item(BaseModel):
    """One service item. Items with nearly the same name (86 and 121, 87 and 172, …) stay separate items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1)
    name: str
    """The exact wording of the standard, full-width characters and inner spaces included."""
    en: str = Field(max_length=60)
    group: str
    syllables: str
    """Pinyin of `name`, one syllable per character, with spaces between; punctuation is left out."""
    pinyin: str
    """`syllables` without the spaces."""
    initials: str
    """The first letter of each syllable."""
    national_code: str = ""
    """Basic code of the national list of government service items; empty while it is not known."""
    kind: str = ""
    """Type in the national list, for example 行政许可 or 公共服务; empty while it is not known."""
    department: str = ""
    common: bool = False
    """One of the twelve most used items, which the start page shows."""


class ItemList:
    """An edition of the list, in the standard's order."""

    def __init__(self, version: str, items: Sequence[Item]) -> None:
        self.version = version
        self._items = {item.number: item for item in items}
        if len(self._items) != len(items):
            raise ValueError("two items have the same number")

    @classmethod
    def load(cls, edition: str = data_file.EDITION) -> "ItemList":
        """Read the list of an edition; names without spelling are spelled here."""
        data = data_file.read(f"items-{edition}.json")
        return cls(data["version"], [_item(row) for row in data["items"]])

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, number: int) -> Item:
        """Return an item by its number; raises Refused("unknown_item")."""
        try:
            return self._items[number]
        except KeyError:
            raise Refused("unknown_item", f"no item {number} in {self.version}") from None


def _item(row: dict[str, Any]) -> Item:
    syllables = row.get("syllables", "").split() or spell(row["name"])
    return Item(
        **{**row, "syllables": " ".join(syllables)},
        pinyin="".join(syllables),
        initials="".join(syllable[0] for syllable in syllables),
    )
