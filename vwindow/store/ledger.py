"""The ledger: calls, call-back requests, ratings and events as they happen; implements desk.ports.Ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from sqlmodel import Session, col, select

from vwindow.desk.ports import CallRecord, EndedCall, RecordingOrder
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, KioskId, RecordingId, StaffId
from vwindow.keys import KeyRing
from vwindow.store.call_tables import Call, Callback, CallEvent, Rating
from vwindow.store.database import Database
from vwindow.store.recordings import Recordings


class Ledger:
    """Keep what happened; every method may be called again with the same ids."""

    def __init__(self, database: Database, keys: KeyRing, recordings_dir: Path) -> None:
        self._database = database
        self._keys = keys
        self.recordings = Recordings(database, keys, recordings_dir)

    async def save_call(self, record: CallRecord) -> None:
        """Write a call as it stands now."""
        note = self._keys.seal("call", "note", record.call, record.note) if record.note else None
        row = Call(
            id=record.call,
            centre=record.centre,
            kiosk=record.kiosk,
            kiosk_centre=record.kiosk_centre,
            city=record.city,
            item=record.item,
            request=record.request,
            phase=record.phase,
            recording=record.recording,
            asked_at=record.asked_at,
            answered_at=record.answered_at,
            ended_at=record.ended_at,
            staff=record.staff,
            reason=record.reason,
            outcome=record.outcome,
            note_sealed=note,
        )
        await self._database.write(lambda session: _put(session, row))

    async def save_callback(self, call: CallId, name: str, phone: str, at: datetime) -> None:
        """Write a call-back request; raise Refused("unknown_call")."""
        name_sealed = self._keys.seal("callback", "name", call, name)
        phone_sealed = self._keys.seal("callback", "phone", call, phone)

        def work(session: Session) -> None:
            of = _call(session, call)
            row = Callback(
                call=call,
                centre=of.centre,
                kiosk_centre=of.kiosk_centre,
                city=of.city,
                item=of.item,
                name_sealed=name_sealed,
                phone_sealed=phone_sealed,
                asked_at=at,
            )
            _put(session, row)

        await self._database.write(work)

    async def save_rating(self, call: CallId, grade: int, at: datetime) -> None:
        """Write the visitor's grade, 1 to 5; raise Refused("unknown_call" | "bad_grade")."""
        if not 1 <= grade <= 5:
            raise Refused("bad_grade")

        def work(session: Session) -> None:
            of = _call(session, call)
            row = Rating(call=call, centre=of.centre, kiosk_centre=of.kiosk_centre, grade=grade, rated_at=at)
            _put(session, row)

        await self._database.write(work)

    async def save_event(self, call: CallId, kind: str, detail: Mapping[str, str], at: datetime) -> None:
        """Write a fact of a call's history; the same kind at the same time is the same fact.

        Raises Refused("unknown_call").
        """

        def work(session: Session) -> None:
            of = _call(session, call)
            same = select(CallEvent.id).where(CallEvent.call == call, CallEvent.kind == kind, col(CallEvent.at) == at)
            if session.exec(same).first() is None:
                session.add(
                    CallEvent(
                        call=call,
                        centre=of.centre,
                        kiosk_centre=of.kiosk_centre,
                        kind=kind,
                        at=at,
                        detail=dict(detail),
                    )
                )

        await self._database.write(work)

    async def open_recording(self, call: CallId, centre: CentreId, at: datetime, part: int = 1) -> RecordingOrder:
        """Return where and under which key a call is recorded; the same order for the same call and part."""
        return await self.recordings.open(call, centre, at, part)

    async def close_recording(self, recording: RecordingId, at: datetime) -> None:
        """Mark a journal as whole."""
        await self.recordings.close(recording, at)

    async def open_calls(self) -> Sequence[CallRecord]:
        """Return the calls that have not ended, first asked first."""

        def work(session: Session) -> list[CallRecord]:
            rows = session.exec(select(Call).where(col(Call.ended_at).is_(None)).order_by(col(Call.asked_at)))
            return [self._record(row) for row in rows]

        return await self._database.read(work)

    async def ended_calls(self, since: datetime) -> Sequence[EndedCall]:
        """Return the calls that ended then or later, first asked first."""

        def work(session: Session) -> list[EndedCall]:
            late = col(Call.ended_at) >= since
            names = select(Call.id).where(late)
            rated = set(session.exec(select(Rating.call).where(col(Rating.call).in_(names))))
            kinds = select(CallEvent.call, CallEvent.kind).where(col(CallEvent.call).in_(names))
            noted = set(session.exec(kinds.where(col(CallEvent.kind).in_(("closed", "wrap_up_over")))))
            return [
                EndedCall(
                    self._record(row), row.id in rated, (row.id, "closed") in noted, (row.id, "wrap_up_over") in noted
                )
                for row in session.exec(select(Call).where(late).order_by(col(Call.asked_at)))
            ]

        return await self._database.read(work)

    async def end_open_calls(self, reason: str, at: datetime, kept: Collection[CallId] = ()) -> Sequence[CallRecord]:
        """End calls that a crash left open, but those that go on; return those that now ended."""

        def work(session: Session) -> list[CallRecord]:
            left = select(Call).where(col(Call.ended_at).is_(None), col(Call.id).not_in(kept))
            rows = session.exec(left.order_by(col(Call.asked_at))).all()
            for row in rows:
                row.phase = "ended"
                row.reason = reason
                row.ended_at = at
                session.add(row)
            return [self._record(row) for row in rows]

        return await self._database.write(work)

    def _record(self, row: Call) -> CallRecord:
        note = self._keys.unseal("call", "note", row.id, row.note_sealed) if row.note_sealed else ""
        return CallRecord(
            call=CallId(row.id),
            centre=CentreId(row.centre) if row.centre else None,
            kiosk=KioskId(row.kiosk),
            kiosk_centre=CentreId(row.kiosk_centre),
            city=row.city,
            item=row.item,
            request=row.request,
            phase=row.phase,
            recording=cast(Literal["accepted", "declined"], row.recording),
            asked_at=row.asked_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            staff=StaffId(row.staff) if row.staff else None,
            reason=row.reason,
            outcome=row.outcome,
            note=note,
        )


def _put(session: Session, row: Call | Callback | Rating) -> None:
    session.merge(row)


def _call(session: Session, call: CallId) -> Call:
    row = session.get(Call, call)
    if row is None:
        raise Refused("unknown_call", status=404)
    return row
