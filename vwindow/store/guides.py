"""Guides and rules of items as the database keeps them; what they mean is the catalogue's."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from vwindow.ids import CentreId
from vwindow.store.database import Database
from vwindow.store.tables import Guide, ItemRule


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """Whether and how an item can be done at a virtual window; city "*" is every city."""

    item: int
    city: str
    virtual: bool
    mode: str
    confirmed: bool
    note_zh: str = ""
    note_en: str = ""
    centre: CentreId | None = None


@dataclass(frozen=True, slots=True)
class GuideFacts:
    """A version of a guide; `payload` is the catalogue's JSON."""

    item: int
    city: str
    version: int
    valid_from: datetime
    payload: Mapping[str, Any]


class Guides:
    """Keep guides (every version) and rules (the newest only)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_rule(self, facts: RuleFacts) -> None:
        """Add or change the rule of an item in a city."""
        row = ItemRule(**asdict(facts))
        await self._database.write(lambda session: _put(session, row))

    async def rules(self) -> Sequence[RuleFacts]:
        """Return all rules by item and city."""

        def work(session: Session) -> list[RuleFacts]:
            return [
                RuleFacts(
                    row.item,
                    row.city,
                    row.virtual,
                    row.mode,
                    row.confirmed,
                    row.note_zh,
                    row.note_en,
                    CentreId(row.centre) if row.centre else None,
                )
                for row in session.exec(select(ItemRule).order_by(col(ItemRule.item), ItemRule.city))
            ]

        return await self._database.read(work)

    async def add_guide(
        self,
        item: int,
        city: str,
        payload: Mapping[str, Any],
        valid_from: datetime,
        centre: CentreId | None = None,
    ) -> int:
        """Add a version of a guide and return its number, 1 for the first."""

        def work(session: Session) -> int:
            newest = session.exec(select(func.max(Guide.version)).where(Guide.item == item, Guide.city == city)).one()
            version = (newest or 0) + 1
            session.add(
                Guide(
                    item=item,
                    city=city,
                    version=version,
                    centre=centre,
                    valid_from=valid_from,
                    payload=dict(payload),
                )
            )
            return version

        return await self._database.write(work)

    async def guides(self, now: datetime) -> Sequence[GuideFacts]:
        """Return the newest version that is valid now, for each item and city."""

        def work(session: Session) -> list[GuideFacts]:
            newest: dict[tuple[int, str], GuideFacts] = {}
            rows = session.exec(
                select(Guide)
                .where(col(Guide.valid_from) <= now)
                .order_by(col(Guide.item), Guide.city, col(Guide.version))
            )
            for row in rows:
                newest[row.item, row.city] = GuideFacts(row.item, row.city, row.version, row.valid_from, row.payload)
            return list(newest.values())

        return await self._database.read(work)


def _put(session: Session, row: ItemRule) -> None:
    session.merge(row)
