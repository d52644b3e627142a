"""Orders that the call rules give: imperative, frozen; `desk/perform` carries them out in order."""

from dataclasses import dataclass

from vwindow.calls.events import Event
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
class OpenRoom(Effect):
    call: CallId


@dataclass(frozen=True, slots=True)
class StartRecording(Effect):
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
class StartTimer(Effect):
    """Post `event` (its `at` replaced by the time it fires) after `seconds`."""

    key: str
    seconds: float
    event: Event


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    key: str


@dataclass(frozen=True, slots=True)
class Forget(Effect):
    """The call is over for everybody: drop it from memory."""

    call: CallId
