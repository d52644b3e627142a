"""The catalogue of a running server: the shipped list with what the centres keep in the store."""

import logging

from vwindow.catalogue.bundle import PackedBundle, bind, pack
from vwindow.catalogue.groups import GroupList
from vwindow.catalogue.guides import GuideBook
from vwindow.catalogue.items import ItemList
from vwindow.catalogue.ports import Shelf
from vwindow.catalogue.rules import RuleBook
from vwindow.clock import Clock
from vwindow.desk.ports import ItemFacts
from vwindow.errors import Unavailable

log = logging.getLogger(__name__)

FRESH = 5.0
"""Seconds for which what was read from the store is not read again."""


class LiveCatalogue:
    """Answer routing and pages; keeps the last good answer while the store is away."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._items = ItemList.load()
        self._groups = GroupList.load()
        self._rules = RuleBook.load()
        self._packed: PackedBundle | None = None
        self._read_at = 0.0
        self._shelf_up = True

    @property
    def items(self) -> ItemList:
        return self._items

    def facts(self, number: int, city: str) -> ItemFacts:
        """Return what routing needs of an item; raises Refused("unknown_item")."""
        item = self._items.get(number)
        rule = self._rules.rule(number, city)
        return ItemFacts(number=number, name=item.name, group=item.group, virtual=rule.virtual)

    async def bundle(self) -> PackedBundle:
        """Return the catalogue for the pages, at most FRESH seconds old while the store answers.

        Raises Unavailable when the store has not answered yet.
        """
        now = self._clock.monotonic()
        if self._packed is not None and now - self._read_at < FRESH:
            return self._packed
        try:
            packed = await self.refresh()
        except Unavailable as error:
            if self._packed is None:
                raise
            if self._shelf_up:
                log.warning("the store does not answer (%s): the catalogue stays as it was", error.code)
            self._shelf_up = False
            self._read_at = now
            return self._packed
        self._shelf_up = True
        return packed

    async def refresh(self) -> PackedBundle:
        """Read the store now: at the start, and after a centre changed a rule or a guide."""
        own = await self._shelf.rules()
        guides = await self._shelf.guides()
        windows = await self._shelf.windows()
        self._rules = RuleBook.load(own)
        packed = pack(bind(self._items, self._groups, self._rules, GuideBook(guides), windows))
        self._packed = packed
        self._read_at = self._clock.monotonic()
        return packed
