"""Wrong passwords: counted for each account and network address, and for each account from everywhere."""

from collections import OrderedDict
from datetime import datetime

from sqlalchemy import delete, or_
from sqlmodel import Session as DatabaseSession
from sqlmodel import col

from vwindow.access import CLOCK_STEP, LOCK_TIME, WRONG_LIMIT_ALL, WRONG_WINDOW, Attempts
from vwindow.errors import Refused
from vwindow.store.tables import Staff, WrongSignIn

_STRANGERS = 4000


def locked(session: DatabaseSession, person: Staff, address: str, now: datetime) -> bool:
    """Tell whether an account is locked for the (hashed) address, or for all."""
    row = session.get(WrongSignIn, (person.id, address))
    return _attempts(person).locked(now) or (row is not None and _from(row).locked(now))


def count_wrong(session: DatabaseSession, person: Staff, address: str, now: datetime) -> None:
    """Count a wrong password; rows that no longer count go, so that there are at most about a hundred."""
    old = now - WRONG_WINDOW - LOCK_TIME
    since = col(WrongSignIn.since)
    session.execute(
        delete(WrongSignIn).where(
            col(WrongSignIn.staff) == person.id, or_(since.is_(None), since < old, since > now + CLOCK_STEP)
        )
    )
    row = session.get(WrongSignIn, (person.id, address))
    attempts = (_from(row) if row is not None else Attempts()).after_wrong(now)
    if row is None:
        row = WrongSignIn(staff=person.id, address_hash=address, centre=person.centre, count=0)
    row.count, row.since, row.locked_until = attempts.count, attempts.since, attempts.locked_until
    session.add(row)
    _keep(person, _attempts(person).after_wrong(now, WRONG_LIMIT_ALL))
    session.add(person)


def forgive(session: DatabaseSession, person: Staff, address: str | None = None) -> None:
    """Forget the wrong passwords from an address, or from everywhere; the account's own count in both cases."""
    rows = delete(WrongSignIn).where(col(WrongSignIn.staff) == person.id)
    session.execute(rows if address is None else rows.where(col(WrongSignIn.address_hash) == address))
    _keep(person, Attempts())
    session.add(person)


class Strangers:
    """The same counts for accounts that do not exist, in memory: answers must not tell which ones do.

    Bounded: when full, what was tried longest ago is forgotten.
    """

    def __init__(self) -> None:
        self._tried: OrderedDict[tuple[str, str | None], Attempts] = OrderedDict()

    def count_wrong(self, account: str, address: str, now: datetime) -> None:
        """Count a wrong password; raise Refused("locked_out") when there were too many."""
        keys = (account, address), (account, None)
        here, everywhere = (self._tried.get(key, Attempts()) for key in keys)
        if here.locked(now) or everywhere.locked(now):
            raise Refused("locked_out", status=423, retryable=True)
        self._tried[keys[0]] = here.after_wrong(now)
        self._tried[keys[1]] = everywhere.after_wrong(now, WRONG_LIMIT_ALL)
        for key in keys:
            self._tried.move_to_end(key)
        while len(self._tried) > _STRANGERS:
            self._tried.popitem(last=False)


def _attempts(row: Staff) -> Attempts:
    return Attempts(row.wrong_count, row.wrong_since, row.locked_until)


def _from(row: WrongSignIn) -> Attempts:
    return Attempts(row.count, row.since, row.locked_until)


def _keep(row: Staff, attempts: Attempts) -> None:
    row.wrong_count = attempts.count
    row.wrong_since = attempts.since
    row.locked_until = attempts.locked_until
