"""What the desk needs of the world: small ports, implemented elsewhere, wired in `vwindow.app`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from vwindow.calls.events import Side
from vwindow.desk.views import IceServerView, KioskCallView, KioskView, SlotView, StaffCallView, StaffView
from vwindow.ids import CallId, CentreId, KioskId, RecordingId, RoomId, StaffId

Part = Literal["page", "agent", "console"]
RoomPart = Literal["page", "agent", "console", "guest", "observer"]
"""All that may be in a room; an expert of another window and a supervisor come and go."""


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """What the register knows of a staff member."""

    staff: StaffId
    name: str
    number: str
    centre: CentreId
    centre_name: str
    city: str
    post: Literal["A", "B"]
    skills: tuple[tuple[str, str], ...]
    """(city, item group) pairs; group "*" is every group."""


@dataclass(frozen=True, slots=True)
class KioskFacts:
    """What the register knows of a kiosk."""

    kiosk: KioskId
    centre: CentreId
    centre_name: str
    window_name: str
    hours: str
    city: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What routing needs of an item."""

    number: int
    name: str
    group: str
    virtual: bool
    """Can be done at a virtual window of the asked city."""


class Register(Protocol):
    """Read facts about people and places; raises Refused("unknown_…") for names it does not have."""

    async def staff(self, staff: StaffId) -> StaffFacts: ...

    async def kiosk(self, kiosk: KioskId) -> KioskFacts: ...

    async def item(self, number: int, city: str) -> ItemFacts: ...


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as the ledger keeps it; written again at each change of phase."""

    call: CallId
    centre: CentreId | None
    """Of the window that answered; before that None."""
    kiosk: KioskId
    kiosk_centre: CentreId
    city: str
    item: int
    request: str
    phase: str
    recording: Literal["accepted", "declined"]
    asked_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    staff: StaffId | None
    reason: str | None
    outcome: str | None
    note: str


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that has ended, and how far both sides had got with what follows."""

    record: CallRecord
    rated: bool = False
    closed: bool = False
    """The visitor has left its page."""
    wrap_up_over: bool = False
    """The time for its outcome has run out."""


@dataclass(frozen=True, slots=True)
class RecordingOrder:
    """Where a recording is written and the key that seals it; `path` is the journal's file."""

    recording: RecordingId
    path: str
    key_hex: str


class Ledger(Protocol):
    """Keep what happened; each method is idempotent for the same ids."""

    async def save_call(self, record: CallRecord) -> None: ...

    async def save_callback(self, call: CallId, name: str, phone: str, at: datetime) -> None: ...

    async def save_rating(self, call: CallId, grade: int, at: datetime) -> None: ...

    async def save_event(self, call: CallId, kind: str, detail: Mapping[str, str], at: datetime) -> None: ...

    async def open_recording(self, call: CallId, centre: CentreId, at: datetime, part: int) -> RecordingOrder:
        """Return how a call is recorded; `part` counts its rooms, and each has a journal of its own."""
        ...

    async def close_recording(self, recording: RecordingId, at: datetime) -> None:
        """Mark the journals as whole; a finisher makes the playable file of them."""
        ...

    async def open_calls(self) -> Sequence[CallRecord]:
        """Return the calls that have not ended."""
        ...

    async def ended_calls(self, since: datetime) -> Sequence[EndedCall]:
        """Return the calls that ended then or later, first asked first."""
        ...

    async def end_open_calls(self, reason: str, at: datetime, kept: Collection[CallId]) -> Sequence[CallRecord]:
        """End calls that a crash left open, but those that go on; return those of them that now ended."""
        ...


@dataclass(frozen=True, slots=True)
class RoomAnswer:
    """The worker's answer to an offer."""

    sdp: str
    slots: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True)
class HeldRoom:
    """A room that a media worker has kept while there was no server."""

    media: int
    up: frozenset[RoomPart]
    """Connections that are there."""
    suspended_by: tuple[Side, ...] = ()
    """Who has suspended its recording."""
    grants: frozenset[str] = frozenset()
    """Sources that may be heard, seen and recorded."""


class Rooms(Protocol):
    """Give orders to the media workers; raises Unavailable("worker_lost"), Refused("bad_offer", …)."""

    async def open(self, room: RoomId, media: int) -> None:
        """Open a room, the call's `media`th; waits a few seconds for a worker that is just being started."""
        ...

    async def answer(self, room: RoomId, part: RoomPart, sdp: str) -> RoomAnswer: ...

    async def grant(self, room: RoomId, source: str, on: bool) -> None:
        """Let a source (`kiosk.screen`, `observer.microphone`, …) be heard, seen and recorded, or not any more.

        A room begins with the microphones and faces of kiosk, staff and guest, and so does the one that replaces it.
        Raises Refused("unknown_source") for what no side may ever send.
        """
        ...

    async def record(self, room: RoomId, order: RecordingOrder, suspended_by: Sequence[Side] = ()) -> None:
        """Record a room; suspended from the beginning when somebody is named."""
        ...

    async def suspend(self, room: RoomId, by: Sequence[Side]) -> None:
        """Keep nothing of a room from now on; go on when nobody is named. Raises Refused("not_recording")."""
        ...

    async def close(self, room: RoomId) -> None:
        """End the room; its journal is whole when this returns. Closing an unknown room is no error."""
        ...


class Relays(Protocol):
    """Give each side of a call its way through TURN servers."""

    def for_side(self, call: CallId, side: Literal["kiosk", "staff"], now: datetime) -> tuple[IceServerView, ...]: ...


class Outbox(Protocol):
    """Tell the pages; never waits, never fails: an absent page gets the mirror when it comes back."""

    def kiosk_mirror(self, kiosk: KioskId, view: KioskView) -> None: ...

    def kiosk_call(self, kiosk: KioskId, view: KioskCallView) -> None: ...

    def kiosk_answer(self, kiosk: KioskId, call: CallId, part: Part, answer: RoomAnswer) -> None: ...

    def kiosk_refused(self, kiosk: KioskId, call: CallId, part: Part, code: str, retryable: bool) -> None: ...

    def staff_mirror(self, staff: StaffId, view: StaffView) -> None: ...

    def staff_call(self, staff: StaffId, view: StaffCallView) -> None: ...

    def staff_answer(self, staff: StaffId, call: CallId, part: Part, answer: RoomAnswer, console: str = "") -> None:
        """Tell the console that offered, by the name under which it did; all of the person without one."""
        ...

    def staff_refused(
        self, staff: StaffId, call: CallId, part: Part, code: str, retryable: bool, console: str = ""
    ) -> None: ...

    def media_targets(self, staff: StaffId, call: CallId, targets: Mapping[str, int]) -> None:
        """Tell the consoles what each picture of theirs may have, in bit/s by source."""
        ...

    def recording_light(
        self, staff: StaffId, call: CallId, state: str, bytes_total: int, bytes_recent: int
    ) -> None: ...
