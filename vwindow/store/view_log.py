"""The view log: who saw what of whom, append-only and hash-chained."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from vwindow.access import Viewer
from vwindow.keys import KeyRing
from vwindow.store.call_tables import ViewLog as Row
from vwindow.store.database import Database

Kind = Literal["recording_viewed", "recording_exported", "callback_revealed", "note_read"]
# Any constant will do, it only has to be the same for all servers of one database.
_CHAIN_LOCK = 0x7677_6C6F_67


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry: no names, only ids."""

    seq: int
    at: datetime
    staff: str
    centre: str
    kind: str
    subject: str
    detail: str


class ViewLog:
    """Append and verify.

    Each row's MAC covers the row and the MAC before it, so a changed, missing or swapped row breaks the chain
    from there on. What the chain alone cannot show is a cut tail: keep `head` elsewhere to see that.
    """

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def append(
        self, viewer: Viewer, kind: Kind, subjects: str | Sequence[str], now: datetime, detail: str = ""
    ) -> None:
        """Write an entry for each subject, all or none; do it before what is seen leaves the server."""
        listed = [subjects] if isinstance(subjects, str) else subjects

        def work(session: Session) -> None:
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK})
            last = session.exec(select(Row).order_by(col(Row.seq).desc()).limit(1)).first()
            seq, mac = (last.seq, last.mac) if last else (0, b"")
            for subject in listed:
                seq += 1
                row = Row(
                    seq=seq,
                    at=now,
                    staff=viewer.staff,
                    centre=viewer.centre,
                    kind=kind,
                    subject=subject,
                    detail=detail,
                    mac=b"",
                )
                row.mac = mac = self._mac(mac, row)
                session.add(row)

        await self._database.write(work)

    async def verify(self) -> int | None:
        """Return the number of the first broken row, None when the chain is whole."""

        def work(session: Session) -> int | None:
            previous, expected = b"", 1
            # In pieces, for the log only grows; closed by hand, for we may leave in the middle.
            rows = session.exec(select(Row).order_by(col(Row.seq)).execution_options(yield_per=500))
            try:
                for row in rows:
                    if row.seq != expected:
                        return expected
                    if row.mac != self._mac(previous, row):
                        return row.seq
                    previous, expected = row.mac, expected + 1
            finally:
                rows.close()
            return None

        return await self._database.read(work)

    async def head(self) -> int:
        """Return how many entries there are."""
        return await self._database.read(
            lambda session: session.exec(select(func.coalesce(func.max(Row.seq), 0))).one()
        )

    async def entries(self, limit: int = 100, before: int | None = None) -> Sequence[Seen]:
        """Return entries, newest first."""

        def work(session: Session) -> list[Seen]:
            query = select(Row).order_by(col(Row.seq).desc()).limit(limit)
            if before is not None:
                query = query.where(Row.seq < before)
            return [
                Seen(row.seq, row.at, row.staff, row.centre, row.kind, row.subject, row.detail)
                for row in session.exec(query)
            ]

        return await self._database.read(work)

    def _mac(self, previous: bytes, row: Row) -> bytes:
        fields = [row.seq, row.at.isoformat(), row.staff, row.centre, row.kind, row.subject, row.detail]
        return self._keys.chain(previous, json.dumps(fields, ensure_ascii=False).encode())
