"""People who sign in: accounts, passwords, lock-out, sessions."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

import argon2
from sqlalchemy import delete
from sqlmodel import Session as DatabaseSession
from sqlmodel import col, select

from vwindow.access import Role, Scope, check_password
from vwindow.errors import Refused, Unavailable
from vwindow.ids import CITIES, CentreId, StaffId
from vwindow.keys import KeyRing
from vwindow.store.database import Database
from vwindow.store.lockout import Strangers, count_wrong, forgive, locked
from vwindow.store.sessions import StaffSession, alive, describe, end_old, touch
from vwindow.store.tables import Centre, Session, Staff, StaffSkill

log = logging.getLogger(__name__)

_SHOWN = 64  # characters of a name or number: what fits the pages and the words between them
_SEEN_STEP = timedelta(seconds=60)
_TOUCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What a new account needs; `skills` are (city, item group) pairs, group "*" is every group."""

    account: str
    name: str
    number: str
    centre: CentreId
    role: Role = "staff"
    scope: Scope = "centre"
    post: Literal["A", "B"] = "A"
    skills: Sequence[tuple[str, str]] = ()


class People:
    """Keep accounts and sessions.

    Passwords are hashed with Argon2id (RFC 9106, second recommended setting) outside of any transaction. An unknown
    account costs the same work and locks the same way as a known one, so answers do not tell which accounts exist.
    """

    def __init__(self, database: Database, keys: KeyRing, hasher: argon2.PasswordHasher | None = None) -> None:
        self._database = database
        self._keys = keys
        self._hasher = hasher or argon2.PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(24))
        self._strangers = Strangers()
        self._touch_failed: datetime | None = None

    async def create_staff(self, person: NewPerson, password: str, now: datetime) -> StaffId:
        """Make an account.

        Raises Refused("account_taken" | "unknown_centre" | "unknown_city" | "name_too_long" | "password_…").
        """
        if max(len(person.account), len(person.name), len(person.number)) > _SHOWN:
            raise Refused("name_too_long", f"account, name and number have {_SHOWN} characters at most")
        check_password(password, person.account)
        if any(city not in CITIES for city, _ in person.skills):
            raise Refused("unknown_city")
        account = _folded(person.account)
        hashed = await self._database.compute(lambda: self._hasher.hash(password))
        staff = StaffId(f"s-{secrets.token_hex(4)}")

        def work(session: DatabaseSession) -> StaffId:
            if session.get(Centre, person.centre) is None:
                raise Refused("unknown_centre")
            if session.exec(select(Staff.id).where(Staff.account == account)).first() is not None:
                raise Refused("account_taken", status=409)
            session.add(
                Staff(
                    id=staff,
                    account=account,
                    name=person.name,
                    number=person.number,
                    centre=person.centre,
                    role=person.role,
                    scope=person.scope,
                    post=person.post,
                    password_hash=hashed,
                    created_at=now,
                )
            )
            session.flush()
            for city, group in dict.fromkeys(person.skills):
                session.add(StaffSkill(staff=staff, city=city, item_group=group, centre=person.centre))
            return staff

        return await self._database.write(work)

    async def set_password(self, account: str, password: str) -> None:
        """Change a password, unlock the account and end its sessions; raise Refused("unknown_staff" | "password_…")."""
        check_password(password, account)
        hashed = await self._database.compute(lambda: self._hasher.hash(password))

        def work(session: DatabaseSession) -> None:
            row = _by_account(session, account)
            if row is None:
                raise Refused("unknown_staff", status=404)
            row.password_hash = hashed
            forgive(session, row)
            session.execute(delete(Session).where(col(Session.staff) == row.id))

        await self._database.write(work)

    async def unlock(self, account: str) -> None:
        """Forget all wrong passwords of an account; raise Refused("unknown_staff")."""

        def work(session: DatabaseSession) -> None:
            row = _by_account(session, account)
            if row is None:
                raise Refused("unknown_staff", status=404)
            forgive(session, row)

        await self._database.write(work)

    async def staff_of(self, account: str) -> StaffId:
        """Return who has an account; raise Refused("unknown_staff")."""
        row = await self._database.read(lambda session: _by_account(session, account))
        if row is None:
            raise Refused("unknown_staff", status=404)
        return StaffId(row.id)

    async def disable(self, staff: StaffId, now: datetime) -> None:
        """End an account and its sessions; raise Refused("unknown_staff")."""

        def work(session: DatabaseSession) -> None:
            row = session.get(Staff, staff)
            if row is None:
                raise Refused("unknown_staff", status=404)
            row.disabled_at = row.disabled_at or now
            session.add(row)
            session.execute(delete(Session).where(col(Session.staff) == staff))

        await self._database.write(work)

    async def accounts(self) -> Sequence[tuple[str, Role]]:
        """Return account names and roles of those that may sign in."""

        def work(session: DatabaseSession) -> list[tuple[str, Role]]:
            rows = session.exec(select(Staff).where(col(Staff.disabled_at).is_(None)).order_by(Staff.account))
            return [(row.account, cast(Role, row.role)) for row in rows]

        return await self._database.read(work)

    async def sign_in(self, name: str, password: str, now: datetime, address: str = "") -> tuple[str, StaffSession]:
        """Return a new session token and who it belongs to; raise Refused("wrong_password" | "locked_out").

        `address` is the network that asks: wrong passwords lock an account there, and everywhere only when many do.
        """
        account = _folded(name)
        place = self._keys.digest("address", address.encode())
        row = await self._database.read(lambda session: _by_account(session, account))
        known = row is not None and row.disabled_at is None
        hashed = row.password_hash if row is not None and known else self._nobody
        right = await self._database.compute(lambda: self._matches(hashed, password)) and known
        if row is None or not known:
            self._strangers.count_wrong(account, place, now)
            raise Refused("wrong_password", status=401)
        staff = row.id
        token = secrets.token_urlsafe(32)

        def work(session: DatabaseSession) -> StaffSession | Refused:
            # Read again under the lock: attempts made side by side must count each other.
            person = session.get_one(Staff, staff, with_for_update=True)
            if locked(session, person, place, now) or person.disabled_at is not None:
                return Refused("locked_out", status=423, retryable=True)
            if not right or person.password_hash != hashed:
                count_wrong(session, person, place, now)
                return Refused("wrong_password", status=401)
            forgive(session, person, place)
            end_old(session, staff, now)
            fresh = Session(
                token_hash=self._digest(token), staff=staff, centre=person.centre, created_at=now, seen_at=now
            )
            session.add(fresh)
            return describe(person, session.get_one(Centre, person.centre), fresh)

        outcome = await self._database.write(work)
        # Raised here, not in the work: a raise would roll the counted attempt back.
        if isinstance(outcome, Refused):
            raise outcome
        return token, outcome

    async def sign_out(self, token: str) -> None:
        """End a session; an unknown token is no error."""
        digest = self._digest(token)
        await self._database.write(
            lambda session: session.execute(delete(Session).where(col(Session.token_hash) == digest))
        )

    async def session(self, token: str, now: datetime) -> StaffSession | None:
        """Return who a token belongs to; None when it is unknown, was idle for 8 h or is 12 h old."""
        digest = self._digest(token)

        def look(session: DatabaseSession) -> tuple[StaffSession, datetime] | None:
            row = session.get(Session, digest)
            if row is None or not alive(row, now):
                return None
            person = session.get_one(Staff, row.staff)
            if person.disabled_at is not None:
                return None
            return describe(person, session.get_one(Centre, person.centre), row), row.seen_at

        found = await self._database.read(look)
        if found is None:
            return None
        signed_in, seen_at = found
        if now - seen_at >= _SEEN_STEP:
            await self._touch(digest, now)
        return signed_in

    async def _touch(self, digest: str, now: datetime) -> None:
        """Note that a session was used, if the database takes it at once: nobody is thrown out for a full disk."""
        if self._touch_failed is not None and abs(now - self._touch_failed) < _SEEN_STEP:
            return
        try:
            async with asyncio.timeout(_TOUCH_SECONDS):
                await self._database.write(lambda session: touch(session, digest, now))
            self._touch_failed = None
        except (Unavailable, TimeoutError) as error:
            self._touch_failed = now
            log.warning("sessions are not kept alive for the moment: %s", type(error).__name__)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def _digest(self, token: str) -> str:
        return self._keys.digest("session", token.encode())


def _folded(account: str) -> str:
    return account.strip().casefold()


def _by_account(session: DatabaseSession, account: str) -> Staff | None:
    return session.exec(select(Staff).where(Staff.account == _folded(account))).first()
