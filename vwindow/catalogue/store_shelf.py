"""The catalogue's shelf in the server's database."""

import logging
from collections.abc import Sequence
from typing import Literal, cast

from pydantic import ValidationError

from vwindow.catalogue.bundle import WindowCard
from vwindow.catalogue.guides import Guide
from vwindow.catalogue.rules import Rule
from vwindow.clock import Clock
from vwindow.store.guides import Guides
from vwindow.store.places import Places

log = logging.getLogger(__name__)


class StoreShelf:
    """Read guides, rules and windows; implements catalogue.ports.Shelf.

    A row that the models refuse is left out and logged: one wrong guide must not take the list from the pages.
    """

    def __init__(self, guides: Guides, places: Places, clock: Clock) -> None:
        self._guides = guides
        self._places = places
        self._clock = clock

    async def guides(self) -> Sequence[Guide]:
        """Return the newest valid version of each guide."""
        found = []
        for row in await self._guides.guides(self._clock.now()):
            # The row's own columns count, whatever the payload says.
            fields = dict(row.payload) | {"item": row.item, "city": row.city, "version": row.version}
            try:
                found.append(Guide.model_validate(fields))
            except ValidationError as error:
                log.error("guide of item %d in %s left out: %s", row.item, row.city, _where(error))
        return found

    async def rules(self) -> Sequence[Rule]:
        """Return the centres' own rules."""
        found = []
        for row in await self._guides.rules():
            fields = {name: getattr(row, name) for name in Rule.model_fields}
            try:
                found.append(Rule.model_validate(fields))
            except ValidationError as error:
                log.error("rule of item %d in %s left out: %s", row.item, row.city, _where(error))
        return found

    async def windows(self) -> Sequence[WindowCard]:
        """Return all windows."""
        return [
            WindowCard(
                window=place.window,
                kind=cast(Literal["offline", "virtual"], place.kind),
                name=place.name,
                centre=place.centre_name,
                city=place.city,
                address=place.address,
                hours=place.hours,
                phone=place.phone,
            )
            for place in await self._places.windows()
        ]


def _where(error: ValidationError) -> str:
    return ", ".join(".".join(map(str, part["loc"])) for part in error.errors())
