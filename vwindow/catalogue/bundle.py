"""Everything a page needs of the catalogue, in one file that it can keep."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from vwindow.catalogue.cities import City, cities
from vwindow.catalogue.groups import Group, GroupList
from vwindow.catalogue.guides import Guide, GuideBook
from vwindow.catalogue.items import Item, ItemList
from vwindow.catalogue.rules import Rule, RuleBook


class WindowCard(BaseModel):
    """Where a window is, so that a visitor can be sent there (6.1.3, 6.3.1.1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: str
    kind: Literal["offline", "virtual"]
    name: str
    centre: str
    """The centre's name."""
    city: str
    address: str
    hours: str
    phone: str


class Bundle(BaseModel):
    """The catalogue as the pages get it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    groups: tuple[Group, ...]
    items: tuple[Item, ...]
    rules: tuple[Rule, ...]
    """By item, "*" before the cities; a city's row beats "*"."""
    guides: tuple[Guide, ...]
    """The newest version per item and city; a city's guide beats "*"."""
    cities: tuple[City, ...]
    windows: tuple[WindowCard, ...]


@dataclass(frozen=True, slots=True)
class PackedBundle:
    """A bundle ready to be sent."""

    body: bytes
    """UTF-8 JSON."""
    zipped: bytes
    """`body` as gzip."""
    etag: str
    """Weak entity tag with its quotes (RFC 9110, 8.8.3): it names the content, whatever the coding."""


def bind(
    items: ItemList, groups: GroupList, rules: RuleBook, guides: GuideBook, windows: Iterable[WindowCard]
) -> Bundle:
    """Put the parts together; the version is that of the list of items."""
    return Bundle(
        version=items.version,
        groups=tuple(groups),
        items=tuple(items),
        rules=tuple(rules),
        guides=tuple(guides),
        cities=cities(),
        windows=tuple(windows),
    )


def pack(bundle: Bundle) -> PackedBundle:
    """Return the bundle as bytes; the same bundle always gives the same bytes."""
    body = bundle.model_dump_json().encode()
    return PackedBundle(
        body=body,
        zipped=gzip.compress(body, mtime=0),
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
    )
