"""Orders that the call rules give: imperative, frozen; `desk/perform` carries them out in order."""

from dataclasses import dataclass
from datetime import datetime

from vwindow.calls.events import Side, TimerFired
from vwindow.ids import CallId, KioskId, StaffId


@dataclass(frozen=True, slots=True)
class Effect:
    """Base of all orders."""


@dataclass(frozen=True, slots=True)
class TellKiosk(Effect):
    """The kiosk's view of its call has changed."""

    kiosk: KioskId
    call: CallId


@dataclass(frozen=True, slots=True)
class TellStaff(Effect):
    """The staff member's state, line or call has changed."""

    staff: StaffId


@dataclass(frozen=True, slots=True)
class TellStaffCall(Effect):
    """Only the staff member's view of their call has changed."""

    staff: StaffId
    call: CallId


@dataclass(frozen=True, slots=True)
class MirrorKiosk(Effect):
    """The kiosk needs the whole picture."""

    kiosk: KioskId


@dataclass(frozen=True, slots=True)
class ShowLight(Effect):
    """Show the staff member what the recording really wrote."""

    staff: StaffId
    call: CallId


@dataclass(frozen=True, slots=True)
class OpenRoom(Effect):
    call: CallId


@dataclass(frozen=True, slots=True)
class ReopenRoom(Effect):
    """The room was lost: open another one; `media` counts them."""

    call: CallId
    media: int


@dataclass(frozen=True, slots=True)
class AdoptRoom(Effect):
    """The room is there: an earlier run of the server opened it."""

    call: CallId


@dataclass(frozen=True, slots=True)
class StartRecording(Effect):
    """Record what comes into the room; once for each room."""

    call: CallId


@dataclass(frozen=True, slots=True)
class SuspendRecording(Effect):
    """Keep nothing of what comes into the room while somebody holds the recording."""

    call: CallId
    by: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class ResumeRecording(Effect):
    call: CallId


@dataclass(frozen=True, slots=True)
class CloseRoom(Effect):
    call: CallId


@dataclass(frozen=True, slots=True)
class SaveCall(Effect):
    call: CallId


@dataclass(frozen=True, slots=True)
class SaveCallback(Effect):
    call: CallId
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class SaveRating(Effect):
    call: CallId
    grade: int


@dataclass(frozen=True, slots=True)
class SaveEvent(Effect):
    """Keep what happened in a call and why: rung, declined, no answer."""

    call: CallId
    kind: str
    detail: tuple[tuple[str, str], ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class StartTimer(Effect):
    """Post `event` (its `at` replaced by the time it fires) after `seconds`; a key is used once."""

    key: str
    seconds: float
    event: TimerFired


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    key: str


@dataclass(frozen=True, slots=True)
class Forget(Effect):
    """The call is over for everybody: drop it from memory."""

    call: CallId
