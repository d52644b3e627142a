"""Reading what happened: past calls, recordings and call-back requests, as much as the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from vwindow.access import (
    CallPlaces,
    Sight,
    Viewer,
    masked_name,
    plays_recording,
    sees_rating,
    sight,
)
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, RecordingId, StaffId
from vwindow.keys import KeyRing
from vwindow.store.call_tables import Call, Rating, Recording
from vwindow.store.database import Database
from vwindow.store.register import Items
from vwindow.store.tables import Centre, Staff

_Owner = aliased(Centre, name="owner")
_AtKiosk = aliased(Centre, name="at_kiosk")


@dataclass(frozen=True, slots=True)
class PastRecording:
    """The recording of a past call; `state` "none" when there is none or the viewer may not play it."""

    recording: str | None = None
    state: str = "none"
    duration: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class PastCall:
    """A past call with what the viewer may see of it; the rest is empty."""

    call: CallId
    sight: str
    kiosk: str
    kiosk_city: str
    kiosk_centre: str
    """The name of the centre."""
    city: str
    item: int
    item_name: str
    staff: str
    staff_name: str
    asked_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    outcome: str | None
    note: str
    rating: int | None
    recording: PastRecording


@dataclass(frozen=True, slots=True)
class PlayableRecording:
    """A recording that the viewer may play."""

    recording: RecordingId
    call: CallId
    state: str
    duration: float
    sides: dict[str, Any]


class Reading:
    """Read past calls and recordings within the viewer's scope; the rows are chosen in SQL and masked by access."""

    def __init__(self, database: Database, keys: KeyRing, items: Items) -> None:
        self._database = database
        self._keys = keys
        self._items = items

    async def calls(self, viewer: Viewer, limit: int = 50, before: datetime | None = None) -> Sequence[PastCall]:
        """Return ended calls asked `before` a moment, newest first; raise Refused("not_allowed")."""
        chosen = _chosen(viewer)

        def work(session: Session) -> list[PastCall]:
            query = _joined().where(chosen, col(Call.ended_at).is_not(None))
            if before is not None:
                query = query.where(col(Call.asked_at) < before)
            rows = session.execute(query.order_by(col(Call.asked_at).desc(), col(Call.id).desc()).limit(limit))
            return [seen for row in rows if (seen := self._seen(viewer, *row)) is not None]

        return await self._database.read(work)

    async def recording(self, viewer: Viewer, recording: RecordingId) -> PlayableRecording:
        """Return a recording that the viewer may play; raise Refused("unknown_recording") for all others."""

        def work(session: Session) -> PlayableRecording:
            row = session.execute(_joined().where(col(Recording.id) == recording)).first()
            if row is None or not plays_recording(viewer, _places(row[0], row[1], row[2])):
                # The same answer for both: it must not tell which recordings exist.
                raise Refused("unknown_recording", status=404)
            found: Recording = row[5]
            return PlayableRecording(
                RecordingId(found.id), CallId(found.call), found.state, found.duration, found.sides
            )

        return await self._database.read(work)

    def _seen(
        self,
        viewer: Viewer,
        call: Call,
        owner: Centre | None,
        at_kiosk: Centre,
        staff: Staff | None,
        rating: Rating | None,
        recording: Recording | None,
    ) -> PastCall | None:
        places = _places(call, owner, at_kiosk)
        how = sight(viewer, places)
        if how is Sight.NOTHING:
            return None
        whole = how in (Sight.FULL, Sight.OWN)
        names = whole or how is Sight.MASKED
        name = staff.name if staff and names else ""
        sealed = call.note_sealed if whole else None
        kept = PastRecording()
        if recording is not None and plays_recording(viewer, places):
            kept = PastRecording(recording.id, recording.state, recording.duration, recording.bytes_total)
        return PastCall(
            call=CallId(call.id),
            sight=how.value,
            kiosk=call.kiosk,
            kiosk_city=at_kiosk.city,
            kiosk_centre=at_kiosk.name,
            city=call.city,
            item=call.item,
            item_name=self._items.facts(call.item, call.city).name,
            staff=call.staff or "" if whole else "",
            staff_name=name if whole else masked_name(name),
            asked_at=call.asked_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            reason=call.reason,
            outcome=call.outcome,
            note=self._keys.unseal("call", "note", call.id, sealed) if sealed else "",
            rating=rating.grade if rating and sees_rating(viewer, places) else None,
            recording=kept,
        )


def _joined() -> Any:
    return (
        select(Call, _Owner, _AtKiosk, Staff, Rating, Recording)  # type: ignore[call-overload]
        .join(_AtKiosk, col(Call.kiosk_centre) == _AtKiosk.id)
        .outerjoin(_Owner, col(Call.centre) == _Owner.id)
        .outerjoin(Staff, col(Call.staff) == Staff.id)
        .outerjoin(Rating, col(Rating.call) == Call.id)
        .outerjoin(Recording, col(Recording.call) == Call.id)
    )


def _chosen(viewer: Viewer) -> ColumnElement[bool]:
    own = col(Call.staff) == viewer.staff
    if viewer.role == "staff":
        return own
    if viewer.role not in ("supervisor", "evaluator"):
        raise Refused("not_allowed", status=403)
    if viewer.scope == "all":
        return true()
    if viewer.scope == "city":
        # A call that nobody answered belongs to the asked city.
        in_scope = or_(
            func.coalesce(col(_Owner.city), col(Call.city)) == viewer.city, col(_AtKiosk.city) == viewer.city
        )
    else:
        in_scope = or_(col(Call.centre) == viewer.centre, col(Call.kiosk_centre) == viewer.centre)
    return or_(own, in_scope) if viewer.role == "supervisor" else in_scope


def _places(call: Call, owner: Centre | None, at_kiosk: Centre) -> CallPlaces:
    return CallPlaces(
        staff=StaffId(call.staff) if call.staff else None,
        centre=CentreId(call.centre) if call.centre else None,
        centre_city=owner.city if owner else call.city,
        kiosk_centre=CentreId(at_kiosk.id),
        kiosk_city=at_kiosk.city,
    )
