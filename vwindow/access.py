"""Who may see and do what: roles, scopes, lock-out and password rules; nothing here reads a clock or a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from vwindow.errors import Refused
from vwindow.ids import CentreId, StaffId

Role = Literal["staff", "supervisor", "technician", "admin", "evaluator"]
Scope = Literal["centre", "city", "all"]

WRONG_LIMIT = 5
"""Wrong passwords for an account from one network address."""
WRONG_LIMIT_ALL = 50
"""And from all addresses together: one stranger at one place must not lock anybody out."""
WRONG_WINDOW = timedelta(minutes=15)
LOCK_TIME = timedelta(minutes=15)
IDLE_TIME = timedelta(hours=8)
SESSION_TIME = timedelta(hours=12)
CLOCK_STEP = timedelta(minutes=5)
"""A clock may be set back by this; what is dated later was written by a clock that was wrong, and does not count."""
PASSWORD_LENGTHS = range(12, 129)
"""Length is what counts (NIST SP 800-63B 3.1.1.2); the upper bound keeps hashing cheap to ask for."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a signed-in staff member with a role and a scope."""

    staff: StaffId
    role: Role
    scope: Scope
    centre: CentreId
    city: str

    def covers(self, centre: str | None, city: str) -> bool:
        """Tell whether a place lies in the scope; `centre` None is a place known only by its city."""
        if self.scope == "all":
            return True
        if self.scope == "city":
            return city == self.city
        return centre == self.centre


class Sight(Enum):
    """How much of a call a viewer sees."""

    NOTHING = "nothing"
    OUTLINE = "outline"
    """Time, item, outcome, rating and devices: what the kiosk's centre may know."""
    MASKED = "masked"
    """The outline without the names of people: what an evaluator needs."""
    OWN = "own"
    """Everything but the rating: a staff member's own calls."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class CallPlaces:
    """Where a call belongs; `centre` is None while nobody has answered it, then `centre_city` is the asked city."""

    staff: StaffId | None
    centre: CentreId | None
    centre_city: str
    kiosk_centre: CentreId
    kiosk_city: str


def sight(viewer: Viewer, call: CallPlaces) -> Sight:
    """Return how much of a call the viewer sees."""
    mine = viewer.covers(call.centre, call.centre_city)
    at_kiosk = viewer.covers(call.kiosk_centre, call.kiosk_city)
    if viewer.role == "evaluator":
        return Sight.MASKED if mine or at_kiosk else Sight.NOTHING
    if viewer.role in ("staff", "supervisor") and call.staff == viewer.staff:
        return Sight.OWN
    if viewer.role == "supervisor":
        return Sight.FULL if mine else Sight.OUTLINE if at_kiosk else Sight.NOTHING
    return Sight.NOTHING


def sees_rating(viewer: Viewer, call: CallPlaces) -> bool:
    """Tell whether the viewer sees the grade; never the rated person."""
    return call.staff != viewer.staff and sight(viewer, call) in (Sight.FULL, Sight.OUTLINE, Sight.MASKED)


def plays_recording(viewer: Viewer, call: CallPlaces) -> bool:
    """Tell whether the viewer may play the recording of a call."""
    return sight(viewer, call) in (Sight.FULL, Sight.OWN)


def sees_callbacks(viewer: Viewer, asked_city: str) -> bool:
    """Tell whether the viewer may see the call-back requests for a city."""
    if viewer.role == "staff":
        return viewer.city == asked_city
    return viewer.role == "supervisor" and (viewer.scope == "all" or viewer.city == asked_city)


def may_serve(role: Role) -> bool:
    """Tell whether the role takes calls."""
    return role in ("staff", "supervisor")


def may_list_kiosks(role: Role) -> bool:
    """Tell whether the role sees the kiosks of its scope."""
    return role in ("admin", "technician")


def may_change_kiosks(role: Role) -> bool:
    """Tell whether the role creates, enrols and revokes kiosks in its scope."""
    return role == "admin"


@dataclass(frozen=True, slots=True)
class Attempts:
    """The wrong passwords of an account within the last window, from one address or from all."""

    count: int = 0
    since: datetime | None = None
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Tell whether the account is locked; a lock that would last longer than any is of a clock that was ahead."""
        return self.locked_until is not None and now < self.locked_until <= now + LOCK_TIME + CLOCK_STEP

    def after_wrong(self, now: datetime, limit: int = WRONG_LIMIT) -> "Attempts":
        """Return the attempts after one more wrong password; at `limit` they lock."""
        counts = self.since is not None and self.since - CLOCK_STEP <= now < self.since + WRONG_WINDOW
        if not counts or self.locked_until is not None:
            return Attempts(1, now)
        count = self.count + 1
        return Attempts(count, self.since, now + LOCK_TIME if count >= limit else None)


def check_password(password: str, account: str) -> None:
    """Raise Refused("password_too_short" | "password_too_long" | "password_too_simple")."""
    if len(password) < PASSWORD_LENGTHS.start:
        raise Refused("password_too_short")
    if len(password) >= PASSWORD_LENGTHS.stop:
        raise Refused("password_too_long")
    if len(set(password)) < 5 or (account and account.casefold() in password.casefold()):
        raise Refused("password_too_simple")


def masked_name(name: str) -> str:
    """Hide all of a name but its first character."""
    return name[:1] + "*" * max(1, min(3, len(name) - 1)) if name else ""


def masked_phone(phone: str) -> str:
    """Hide all of a telephone number but its last four characters."""
    return "*" * max(0, len(phone) - 4) + phone[-4:] if len(phone) > 4 else "*" * len(phone)
