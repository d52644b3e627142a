"""Call-back requests: listed masked, revealed one by one with an entry in the view log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from vwindow.access import Viewer, masked_name, masked_phone, sees_callbacks
from vwindow.errors import Refused
from vwindow.ids import CITIES, CallId
from vwindow.keys import KeyRing
from vwindow.store.call_tables import Callback
from vwindow.store.database import Database
from vwindow.store.register import Items
from vwindow.store.tables import Centre
from vwindow.store.view_log import ViewLog


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """A call-back request; name and phone are masked unless revealed."""

    call: CallId
    kiosk_city: str
    kiosk_centre: str
    """The name of the centre."""
    city: str
    item: int
    item_name: str
    name: str
    phone: str
    asked_at: datetime


class Callbacks:
    """Read call-back requests of the cities that the viewer serves."""

    def __init__(self, database: Database, keys: KeyRing, items: Items, view_log: ViewLog) -> None:
        self._database = database
        self._keys = keys
        self._items = items
        self._view_log = view_log

    async def listed(self, viewer: Viewer, limit: int = 100) -> Sequence[CallbackRow]:
        """Return requests, newest first, masked; raise Refused("not_allowed")."""
        cities = [city for city in CITIES if sees_callbacks(viewer, city)]
        if not cities:
            raise Refused("not_allowed", status=403)

        def work(session: Session) -> list[CallbackRow]:
            rows = session.exec(
                select(Callback, Centre)
                .where(col(Callback.kiosk_centre) == Centre.id, col(Callback.city).in_(cities))
                .order_by(col(Callback.asked_at).desc(), Callback.call)
                .limit(limit)
            )
            return [self._row(callback, centre, masked=True) for callback, centre in rows]

        return await self._database.read(work)

    async def revealed(self, viewer: Viewer, call: CallId, now: datetime) -> CallbackRow:
        """Log that the viewer sees name and phone of a request, then return it; raise Refused("unknown_call")."""

        def work(session: Session) -> tuple[Callback, Centre]:
            found = session.exec(
                select(Callback, Centre).where(col(Callback.kiosk_centre) == Centre.id).where(Callback.call == call)
            ).first()
            if found is None or not sees_callbacks(viewer, found[0].city):
                raise Refused("unknown_call", status=404)
            return found

        callback, centre = await self._database.read(work)
        await self._view_log.append(viewer, "callback_revealed", call, now)
        return self._row(callback, centre, masked=False)

    def _row(self, row: Callback, centre: Centre, *, masked: bool) -> CallbackRow:
        name = self._keys.unseal("callback", "name", row.call, row.name_sealed)
        phone = self._keys.unseal("callback", "phone", row.call, row.phone_sealed)
        return CallbackRow(
            call=CallId(row.call),
            kiosk_city=centre.city,
            kiosk_centre=centre.name,
            city=row.city,
            item=row.item,
            item_name=self._items.facts(row.item, row.city).name,
            name=masked_name(name) if masked else name,
            phone=masked_phone(phone) if masked else phone,
            asked_at=row.asked_at,
        )
