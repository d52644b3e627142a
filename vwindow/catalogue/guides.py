"""Guides: what to bring, the steps, where to file, how long. Versioned per item and city."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vwindow.catalogue import data_file
from vwindow.catalogue.rules import EVERYWHERE, GuideMode

MaterialForm = Literal["original", "copy", "electronic"]


class Material(BaseModel):
    """One paper or file to bring."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str
    copies: int = Field(ge=1, le=20)
    form: MaterialForm


class Step(BaseModel):
    """One step of the procedure, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class Link(BaseModel):
    """An official site on which the item is filed or explained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title_zh: str
    title_en: str
    url: str = Field(pattern=r"^https://[a-z0-9.-]+(/[!-~]*)?$")


class Guide(BaseModel):
    """The guide of one item in one city, or in every city ("*")."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: int
    city: str
    version: int = Field(ge=1)
    materials: tuple[Material, ...]
    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    mode: GuideMode
    days: int = Field(ge=0)
    """Promised working days until the result; 0 is at once."""
    minutes: int = Field(ge=1)
    """About how long the visit takes."""


class GuideBook:
    """The newest version of each guide. Not every item has one: staff then say what to bring."""

    def __init__(self, guides: Iterable[Guide]) -> None:
        self._guides: dict[tuple[int, str], Guide] = {}
        for guide in guides:
            held = self._guides.get((guide.item, guide.city))
            if held is None or held.version < guide.version:
                self._guides[guide.item, guide.city] = guide

    def __iter__(self) -> Iterator[Guide]:
        """Give one guide per item and city, by item, "*" before the cities."""
        return (self._guides[key] for key in sorted(self._guides))

    def guide(self, item: int, city: str) -> Guide | None:
        """Return the guide of the city, else the one for every city, else None."""
        return self._guides.get((item, city)) or self._guides.get((item, EVERYWHERE))


def demo_guides(edition: str = data_file.EDITION) -> tuple[Guide, ...]:
    """Return the five guides of the demo data; a real start never sees them."""
    return tuple(Guide.model_validate(row) for row in data_file.read(f"demo-guides-{edition}.json")["guides"])
