"""The register: facts about people, kiosks and items that routing needs."""

from typing import Literal, Protocol, cast

from sqlmodel import Session, col, select

from vwindow.desk.ports import ItemFacts, KioskFacts, StaffFacts
from vwindow.errors import Refused
from vwindow.ids import CentreId, KioskId, StaffId
from vwindow.store.database import Database
from vwindow.store.tables import Centre, Kiosk, Staff, StaffSkill, Window


class Items(Protocol):
    """Know the items; implemented by the catalogue."""

    def facts(self, number: int, city: str) -> ItemFacts:
        """Return the facts of an item in a city; raise Refused("unknown_item")."""
        ...


class Register:
    """Read facts; implements desk.ports.Register."""

    def __init__(self, database: Database, items: Items) -> None:
        self._database = database
        self._items = items

    async def staff(self, staff: StaffId) -> StaffFacts:
        """Return a staff member who may sign in; raise Refused("unknown_staff")."""

        def work(session: Session) -> StaffFacts:
            found = session.exec(
                select(Staff, Centre).where(col(Staff.centre) == Centre.id).where(Staff.id == staff)
            ).first()
            if found is None or found[0].disabled_at is not None:
                raise Refused("unknown_staff", status=404)
            person, centre = found
            skills = session.exec(
                select(StaffSkill).where(StaffSkill.staff == staff).order_by(StaffSkill.city, StaffSkill.item_group)
            )
            return StaffFacts(
                staff=staff,
                name=person.name,
                number=person.number,
                centre=CentreId(centre.id),
                centre_name=centre.name,
                city=centre.city,
                post=cast(Literal["A", "B"], person.post),
                skills=tuple((skill.city, skill.item_group) for skill in skills),
            )

        return await self._database.read(work)

    async def kiosk(self, kiosk: KioskId) -> KioskFacts:
        """Return a kiosk, revoked ones too; raise Refused("unknown_kiosk")."""

        def work(session: Session) -> KioskFacts:
            found = session.exec(
                select(Kiosk, Centre, Window)
                .where(col(Kiosk.centre) == Centre.id)
                .where(col(Kiosk.window) == Window.id)
                .where(Kiosk.id == kiosk)
            ).first()
            if found is None:
                raise Refused("unknown_kiosk", status=404)
            row, centre, window = found
            return KioskFacts(
                kiosk=kiosk,
                centre=CentreId(centre.id),
                centre_name=centre.name,
                window_name=window.name,
                hours=window.hours or centre.hours,
                city=centre.city,
                revoked=row.revoked_at is not None,
            )

        return await self._database.read(work)

    async def item(self, number: int, city: str) -> ItemFacts:
        """Return an item as it stands in a city; raise Refused("unknown_item")."""
        return self._items.facts(number, city)
