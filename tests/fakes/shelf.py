"""A shelf of the catalogue that tests fill and take away."""

from collections.abc import Sequence

from vwindow.catalogue.bundle import WindowCard
from vwindow.catalogue.guides import Guide
from vwindow.catalogue.rules import Rule
from vwindow.errors import Unavailable


class FakeShelf:
    """Implement vwindow.catalogue.ports.Shelf."""

    def __init__(self) -> None:
        self.own_rules: list[Rule] = []
        self.own_guides: list[Guide] = []
        self.own_windows: list[WindowCard] = []
        self.away = False
        self.reads = 0

    async def rules(self) -> Sequence[Rule]:
        self.reads += 1
        if self.away:
            raise Unavailable("database_unavailable")
        return self.own_rules

    async def guides(self) -> Sequence[Guide]:
        return self.own_guides

    async def windows(self) -> Sequence[WindowCard]:
        return self.own_windows
