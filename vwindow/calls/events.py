"""Facts that the call rules are told: past tense, frozen."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from vwindow.calls.facts import ItemRule, StaffAbility
from vwindow.ids import CallId, KioskId, StaffId

Side = Literal["kiosk", "staff"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all facts; `at` is the wall clock in UTC, given by whoever posts."""

    at: datetime


# ---- from a kiosk ----


@dataclass(frozen=True, slots=True)
class CallAsked(Event):
    """A visitor touched "call"; `call` and `rule` are filled in by the desk, `request` by the page."""

    call: CallId
    kiosk: KioskId
    request: str
    city: str
    item: int
    recording: Literal["accepted", "declined"]
    rule: ItemRule = field(default_factory=ItemRule)


@dataclass(frozen=True, slots=True)
class VisitorHungUp(Event):
    call: CallId
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class VisitorWaited(Event):
    """The visitor chose to wait on when nobody answered."""

    call: CallId
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class CallbackLeft(Event):
    call: CallId
    kiosk: KioskId
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class VisitorSuspended(Event):
    """The visitor wants nothing kept for now: a secret is said or shown."""

    call: CallId
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class VisitorResumed(Event):
    """The visitor lets the recording go on."""

    call: CallId
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class Rated(Event):
    call: CallId
    kiosk: KioskId
    grade: int


@dataclass(frozen=True, slots=True)
class CallClosed(Event):
    """The visitor left the page of an ended call."""

    call: CallId
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class KioskConnected(Event):
    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class KioskLost(Event):
    """The link to the kiosk went down; it has a grace time to come back."""

    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class KioskRevoked(Event):
    kiosk: KioskId


# ---- from a console ----


@dataclass(frozen=True, slots=True)
class StaffConnected(Event):
    """A console came; `ability` is what the register says of its owner now."""

    staff: StaffId
    ability: StaffAbility = field(default_factory=StaffAbility)


@dataclass(frozen=True, slots=True)
class StaffLost(Event):
    """The console's last link went down; it has a grace time to come back."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffReady(Event):
    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffPaused(Event):
    staff: StaffId
    reason: str


@dataclass(frozen=True, slots=True)
class StaffLeft(Event):
    """Signed out or went "off"."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffAnswered(Event):
    call: CallId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffDeclined(Event):
    call: CallId
    staff: StaffId
    reason: str


@dataclass(frozen=True, slots=True)
class StaffHungUp(Event):
    call: CallId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffSuspended(Event):
    """The staff member wants nothing kept for now."""

    call: CallId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class StaffResumed(Event):
    """The staff member lets the recording go on."""

    call: CallId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class OutcomeNoted(Event):
    call: CallId
    staff: StaffId
    outcome: str
    note: str


# ---- from the media worker ----


@dataclass(frozen=True, slots=True)
class MediaUp(Event):
    """All media connections of a side are up."""

    call: CallId
    side: Side


@dataclass(frozen=True, slots=True)
class MediaLost(Event):
    """A side's media ended for good (30 s of silence)."""

    call: CallId
    side: Side


@dataclass(frozen=True, slots=True)
class PathFound(Event):
    """A client tells which way its media connection `part` takes."""

    call: CallId
    part: str
    path: str


@dataclass(frozen=True, slots=True)
class RoomLost(Event):
    """The worker went away with the room, or could not open it."""

    call: CallId


@dataclass(frozen=True, slots=True)
class RecordingWrote(Event):
    """Bytes of the recording are on disk: all of them, and those of the last seconds."""

    call: CallId
    bytes_total: int
    bytes_recent: int


@dataclass(frozen=True, slots=True)
class RecordingPaused(Event):
    """The worker keeps nothing now."""

    call: CallId
    bytes_total: int


@dataclass(frozen=True, slots=True)
class RecordingStalled(Event):
    """The recording runs, but nothing was written in the last seconds."""

    call: CallId
    bytes_total: int


@dataclass(frozen=True, slots=True)
class RecordingFailed(Event):
    """The recording could not be started or has ended by itself; the call goes on."""

    call: CallId


# ---- from the server itself ----


@dataclass(frozen=True, slots=True)
class CallFound(Event):
    """Base of what a start says of a call that the last run left open."""

    call: CallId
    kiosk: KioskId
    request: str
    city: str
    item: int
    recording: Literal["accepted", "declined"]
    asked_at: datetime
    answered_at: datetime | None
    staff: StaffId | None
    """Who had answered, if anybody."""
    rule: ItemRule = field(default_factory=ItemRule)
    ability: StaffAbility = field(default_factory=StaffAbility)


@dataclass(frozen=True, slots=True)
class CallCut(CallFound):
    """It is over, by a crash or a little earlier; both sides are shown why it ended, and go on with what follows."""

    reason: str = "server_restarted"
    ended_at: datetime | None = None
    """None is now."""
    outcome: str | None = None
    note: str = ""
    rated: bool = False
    page_left: bool = False
    """The kiosk shows it no more."""
    wrapped_up: bool = False
    """The staff member let the time for the outcome go by."""


@dataclass(frozen=True, slots=True)
class CallResumed(CallFound):
    """Its room goes on at a worker; both sides have their grace time to come back."""

    media: int = 1
    talking: bool = False
    """All connections are there."""
    suspended_by: tuple[Side, ...] = ()
    """Who has suspended its recording."""


@dataclass(frozen=True, slots=True)
class DeskClosing(Event):
    """The server stops in order: all calls end, no new one begins."""


# ---- facts that the rules tell each other (nobody outside posts them) ----


@dataclass(frozen=True, slots=True)
class StaffRung(Event):
    """A ready staff member was found for a waiting call."""

    call: CallId
    staff: StaffId


@dataclass(frozen=True, slots=True)
class SidesMet(Event):
    """The media of both sides are up."""

    call: CallId


@dataclass(frozen=True, slots=True)
class RejoinFailed(Event):
    """The room was lost too often in a row."""

    call: CallId


# ---- timers: one type each, so that a late timer cannot end a call that has moved on ----


@dataclass(frozen=True, slots=True)
class TimerFired(Event):
    """Base of all timers; `key` names the one start that it belongs to, an event without it is late."""

    key: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Timer(TimerFired):
    call: CallId


@dataclass(frozen=True, slots=True)
class NobodyAnswered(Timer):
    """The ring of `staff` ran out."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class WaitedLong(Timer):
    """The visitor has waited for a while: time to offer a choice."""


@dataclass(frozen=True, slots=True)
class DeclineCooled(Timer):
    """Long enough after `staff` declined to ring them again if nobody else is there."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class NeverConnected(Timer):
    """Answered, but media did not come up on both sides."""


@dataclass(frozen=True, slots=True)
class KioskStayedAway(Timer):
    """The grace time of a lost kiosk ran out."""


@dataclass(frozen=True, slots=True)
class StaffStayedAway(TimerFired):
    """The grace time of a lost console ran out."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class SuspendedLong(Timer):
    """The recording has been suspended for a while: time to remind the staff member."""


@dataclass(frozen=True, slots=True)
class WrapUpOver(Timer):
    """The staff member left the outcome open for too long."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class LeftUnclosed(Timer):
    """Nobody closed the kiosk's page of an ended call."""
