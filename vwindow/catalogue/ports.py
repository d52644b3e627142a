"""What the catalogue needs of the world."""

from collections.abc import Sequence
from typing import Protocol

from vwindow.catalogue.bundle import WindowCard
from vwindow.catalogue.guides import Guide
from vwindow.catalogue.rules import Rule


class Shelf(Protocol):
    """Read what the centres keep; raises Unavailable when the store does not answer."""

    async def guides(self) -> Sequence[Guide]:
        """Return the guides that are valid now; of several versions the newest counts."""
        ...

    async def rules(self) -> Sequence[Rule]:
        """Return the rules that centres put over the defaults."""
        ...

    async def windows(self) -> Sequence[WindowCard]:
        """Return all windows of all centres."""
        ...
