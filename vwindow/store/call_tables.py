"""Tables of what happened: calls and what hangs on them, and the log of who looked."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, UniqueConstraint
from sqlmodel import Field

from vwindow.store.columns import Moment, Row


class Call(Row, table=True):
    """A call; `centre` is of the window that answered, `kiosk_centre` of the kiosk."""

    __tablename__ = "call"
    id: str = Field(primary_key=True)
    centre: str | None = Field(default=None, foreign_key="centre.id", index=True)
    kiosk: str = Field(foreign_key="kiosk.id")
    kiosk_centre: str = Field(foreign_key="centre.id", index=True)
    city: str
    item: int
    request: str
    phase: str
    recording: str
    asked_at: datetime = Field(sa_type=Moment, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    staff: str | None = Field(default=None, foreign_key="staff.id", index=True)
    reason: str | None = None
    outcome: str | None = None
    note_sealed: bytes | None = None


class Callback(Row, table=True):
    """A request to be called back; name and telephone are sealed."""

    __tablename__ = "callback"
    call: str = Field(foreign_key="call.id", primary_key=True)
    centre: str | None = Field(default=None, foreign_key="centre.id")
    kiosk_centre: str = Field(foreign_key="centre.id")
    city: str = Field(index=True)
    item: int
    name_sealed: bytes
    phone_sealed: bytes
    asked_at: datetime = Field(sa_type=Moment)


class Rating(Row, table=True):
    """The visitor's grade, 1 to 5."""

    __tablename__ = "rating"
    call: str = Field(foreign_key="call.id", primary_key=True)
    centre: str | None = Field(default=None, foreign_key="centre.id")
    kiosk_centre: str = Field(foreign_key="centre.id")
    grade: int
    rated_at: datetime = Field(sa_type=Moment)


class Recording(Row, table=True):
    """A recording: `state` is writing, finishing, ready or failed; `path` is under the recordings directory.

    `path` names the first journal, `parts` numbers the newest one: more follow when a media worker was lost.
    """

    __tablename__ = "recording"
    id: str = Field(primary_key=True)
    call: str = Field(foreign_key="call.id", unique=True)
    centre: str = Field(foreign_key="centre.id")
    path: str
    parts: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    wrapped_key: bytes
    state: str = Field(index=True)
    opened_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    duration: float = 0.0
    bytes_total: int = Field(default=0, sa_type=BigInteger)
    sides: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    failure: str = ""
    digest: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Hash of the sealed manifest: who replaces files and manifest is found out."""


class CallEvent(Row, table=True):
    """One fact of a call's history."""

    __tablename__ = "call_event"
    __table_args__ = (UniqueConstraint("call", "kind", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    call: str = Field(foreign_key="call.id", index=True)
    centre: str | None = Field(default=None, foreign_key="centre.id")
    kiosk_centre: str = Field(foreign_key="centre.id")
    kind: str
    at: datetime = Field(sa_type=Moment)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ViewLog(Row, table=True):
    """Who saw what: append-only (triggers), each `mac` covers the row and the `mac` before it."""

    __tablename__ = "view_log"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Moment)
    staff: str
    centre: str
    kind: str
    subject: str
    detail: str
    mac: bytes
