"""Sessions of signed-in people, inside a database session."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, select

from vwindow.access import CLOCK_STEP, IDLE_TIME, SESSION_TIME, Role, Scope, Viewer
from vwindow.ids import CentreId, StaffId
from vwindow.store.tables import Centre, Session, Staff

SESSIONS_PER_PERSON = 8
"""When one more signs in, the session that was idle longest ends."""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A signed-in person."""

    viewer: Viewer
    name: str
    number: str
    centre_name: str
    ends_at: datetime

    @property
    def staff(self) -> StaffId:
        return self.viewer.staff


def alive(row: Session, now: datetime) -> bool:
    """Tell whether a session still counts; one that was made or used in the future is of a clock that was ahead."""
    if max(row.created_at, row.seen_at) > now + CLOCK_STEP:
        return False
    return now < min(row.seen_at + IDLE_TIME, row.created_at + SESSION_TIME)


def describe(person: Staff, centre: Centre, row: Session) -> StaffSession:
    """Return what the server needs of a signed-in person."""
    viewer = Viewer(
        staff=StaffId(person.id),
        role=cast(Role, person.role),
        scope=cast(Scope, person.scope),
        centre=CentreId(centre.id),
        city=centre.city,
    )
    return StaffSession(viewer, person.name, person.number, centre.name, row.created_at + SESSION_TIME)


def touch(session: DatabaseSession, digest: str, now: datetime) -> None:
    """Note that a session was used."""
    row = session.get(Session, digest)
    if row is not None:
        row.seen_at = max(row.seen_at, now)
        session.add(row)


def end_old(session: DatabaseSession, staff: str, now: datetime) -> None:
    """End what has run out, and make room for one more session."""
    rows = session.exec(select(Session).where(Session.staff == staff).order_by(col(Session.seen_at).desc())).all()
    for place, row in enumerate(rows):
        if not alive(row, now) or place >= SESSIONS_PER_PERSON - 1:
            session.delete(row)
