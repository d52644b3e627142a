"""Tables of places, people and guides; every row carries its centre."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from vwindow.store.columns import Moment, Row


class Centre(Row, table=True):
    """An administrative service centre."""

    __tablename__ = "centre"
    id: str = Field(primary_key=True)
    name: str
    city: str = Field(index=True)
    level: str
    area: str
    address: str
    hours: str
    phone: str


class Window(Row, table=True):
    """A window of a centre; `kind` is "offline" or "virtual"."""

    __tablename__ = "window"
    id: str = Field(primary_key=True)
    centre: str = Field(foreign_key="centre.id", index=True)
    kind: str
    name: str
    address: str
    hours: str
    phone: str


class Kiosk(Row, table=True):
    """A self-service place of a virtual window; `public_key` is hex, empty until it enrols."""

    __tablename__ = "kiosk"
    id: str = Field(primary_key=True)
    centre: str = Field(foreign_key="centre.id", index=True)
    window: str = Field(foreign_key="window.id")
    public_key: str = ""
    created_at: datetime = Field(sa_type=Moment)
    enrolled_at: datetime | None = Field(default=None, sa_type=Moment)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)


class EnrolCode(Row, table=True):
    """A one-time code, kept as a keyed hash only."""

    __tablename__ = "enrol_code"
    code_hash: str = Field(primary_key=True)
    kiosk: str = Field(foreign_key="kiosk.id", index=True)
    centre: str = Field(foreign_key="centre.id")
    made_by: str
    made_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class Staff(Row, table=True):
    """A person who signs in: `account` is typed, `name` is shown; `post` is the A/B role of the window."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    account: str = Field(unique=True)
    name: str
    number: str
    centre: str = Field(foreign_key="centre.id", index=True)
    role: str
    scope: str
    post: str
    password_hash: str
    wrong_count: int = 0
    wrong_since: datetime | None = Field(default=None, sa_type=Moment)
    locked_until: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    disabled_at: datetime | None = Field(default=None, sa_type=Moment)


class StaffSkill(Row, table=True):
    """What a staff member can serve: a city and an item group ("*" is every group)."""

    __tablename__ = "staff_skill"
    staff: str = Field(foreign_key="staff.id", primary_key=True)
    city: str = Field(primary_key=True)
    item_group: str = Field(primary_key=True)
    centre: str = Field(foreign_key="centre.id")


class WrongSignIn(Row, table=True):
    """Wrong passwords for an account from one network address, which is kept as a keyed hash only."""

    __tablename__ = "wrong_sign_in"
    staff: str = Field(foreign_key="staff.id", primary_key=True)
    address_hash: str = Field(primary_key=True)
    centre: str = Field(foreign_key="centre.id")
    count: int
    since: datetime | None = Field(default=None, sa_type=Moment)
    locked_until: datetime | None = Field(default=None, sa_type=Moment)


class Session(Row, table=True):
    """A signed-in browser; the token is kept as a keyed hash only."""

    __tablename__ = "session"
    token_hash: str = Field(primary_key=True)
    staff: str = Field(foreign_key="staff.id", index=True)
    centre: str = Field(foreign_key="centre.id")
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)


class Guide(Row, table=True):
    """A version of the guide of an item in a city ("*" is every city); the newest valid one is shown."""

    __tablename__ = "guide"
    __table_args__ = (UniqueConstraint("item", "city", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    item: int
    city: str
    version: int
    centre: str | None = Field(default=None, foreign_key="centre.id")
    """Of the centre that keeps it; empty for a guide common to all."""
    valid_from: datetime = Field(sa_type=Moment)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class ItemRule(Row, table=True):
    """Whether and how an item can be done at a virtual window of a city; a city's row beats "*"."""

    __tablename__ = "item_rule"
    item: int = Field(primary_key=True)
    city: str = Field(primary_key=True)
    centre: str | None = Field(default=None, foreign_key="centre.id")
    virtual: bool
    mode: str
    confirmed: bool
    note_zh: str
    note_en: str
