"""Centres and their windows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlmodel import Session, col, select

from vwindow.errors import Refused
from vwindow.ids import CITIES, CentreId, WindowId
from vwindow.store.database import Database
from vwindow.store.tables import Centre, Window


@dataclass(frozen=True, slots=True)
class CentreFacts:
    """An administrative service centre; `level` is province, city, county or town."""

    centre: CentreId
    name: str
    city: str
    level: str = "city"
    area: str = ""
    address: str = ""
    hours: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A window; address, hours and phone fall back to those of its centre when empty."""

    window: WindowId
    centre: CentreId
    kind: Literal["offline", "virtual"]
    name: str
    address: str = ""
    hours: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """A window with all that a visitor needs to find it."""

    window: WindowId
    kind: str
    name: str
    centre: CentreId
    centre_name: str
    city: str
    address: str
    hours: str
    phone: str


class Places:
    """Keep centres and windows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_centre(self, facts: CentreFacts) -> None:
        """Add or change a centre; raise Refused("unknown_city")."""
        if facts.city not in CITIES:
            raise Refused("unknown_city")
        fields = asdict(facts)
        row = Centre(id=fields.pop("centre"), **fields)
        await self._database.write(lambda session: _merge(session, row))

    async def save_window(self, facts: WindowFacts) -> None:
        """Add or change a window; raise Refused("unknown_centre")."""
        fields = asdict(facts)
        row = Window(id=fields.pop("window"), **fields)

        def work(session: Session) -> None:
            if session.get(Centre, facts.centre) is None:
                raise Refused("unknown_centre")
            _merge(session, row)

        await self._database.write(work)

    async def centres(self) -> Sequence[CentreFacts]:
        """Return all centres by id."""

        def work(session: Session) -> list[CentreFacts]:
            return [
                CentreFacts(CentreId(c.id), c.name, c.city, c.level, c.area, c.address, c.hours, c.phone)
                for c in session.exec(select(Centre).order_by(Centre.id))
            ]

        return await self._database.read(work)

    async def windows(self) -> Sequence[WindowPlace]:
        """Return all windows by id."""

        def work(session: Session) -> list[WindowPlace]:
            rows = session.exec(select(Window, Centre).where(col(Window.centre) == Centre.id).order_by(Window.id))
            return [
                WindowPlace(
                    window=WindowId(window.id),
                    kind=window.kind,
                    name=window.name,
                    centre=CentreId(centre.id),
                    centre_name=centre.name,
                    city=centre.city,
                    address=window.address or centre.address,
                    hours=window.hours or centre.hours,
                    phone=window.phone or centre.phone,
                )
                for window, centre in rows
            ]

        return await self._database.read(work)


def _merge(session: Session, row: Centre | Window) -> None:
    session.merge(row)
