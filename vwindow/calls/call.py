"""A call and where it stands.

Rule 1: all changes of a call's phase are in TRANSITIONS; a phase is written in `Call.advance` alone.
Rule 2: nothing here waits, reads a clock or knows a connection; time comes with the events.
Rule 3: an event that has no entry for the present phase is refused and changes nothing. Timers and news from
        the media worker cannot know better: `Floor` drops those that have no entry.
Rule 4: `ended` is final; what may still happen then (rating, outcome, closing) does not change the phase.
Rule 5: hanging up is possible in every phase, by either side, any number of times.
Rule 6: being rung is not being served: `staff` names who is rung, then who answered; only an answer sets
        `answered_at`, opens a room and makes the call theirs.

Recording, the links of both sides and their media are small machines of their own (recording.py, presence.py);
"talking and recording and kiosk away" is never a phase.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from vwindow.calls.events import (
    CallbackLeft,
    CallClosed,
    DeclineCooled,
    DeskClosing,
    Event,
    KioskRevoked,
    KioskStayedAway,
    LeftUnclosed,
    MediaLost,
    MediaUp,
    NeverConnected,
    NobodyAnswered,
    OutcomeNoted,
    Rated,
    RejoinFailed,
    RoomLost,
    Side,
    SidesMet,
    StaffAnswered,
    StaffDeclined,
    StaffHungUp,
    StaffLeft,
    StaffLost,
    StaffPaused,
    StaffResumed,
    StaffRung,
    StaffStayedAway,
    StaffSuspended,
    SuspendedLong,
    VisitorHungUp,
    VisitorResumed,
    VisitorSuspended,
    VisitorWaited,
    WaitedLong,
    WrapUpOver,
)
from vwindow.calls.presence import Media
from vwindow.calls.recording import CallRecording
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId


class Phase(StrEnum):
    WAITING = "waiting"
    RINGING = "ringing"
    CONNECTING = "connecting"
    TALKING = "talking"
    ENDED = "ended"


TRANSITIONS: dict[Phase, dict[type[Event], Phase]] = {
    Phase.WAITING: {
        StaffRung: Phase.RINGING,
        WaitedLong: Phase.WAITING,
        VisitorWaited: Phase.WAITING,
        DeclineCooled: Phase.WAITING,
        VisitorHungUp: Phase.ENDED,
        CallbackLeft: Phase.ENDED,
        KioskStayedAway: Phase.ENDED,
        KioskRevoked: Phase.ENDED,
        DeskClosing: Phase.ENDED,
    },
    Phase.RINGING: {
        StaffAnswered: Phase.CONNECTING,
        StaffDeclined: Phase.WAITING,
        StaffHungUp: Phase.WAITING,
        StaffPaused: Phase.WAITING,
        StaffLeft: Phase.WAITING,
        StaffLost: Phase.WAITING,
        NobodyAnswered: Phase.WAITING,
        VisitorWaited: Phase.RINGING,
        DeclineCooled: Phase.RINGING,
        VisitorHungUp: Phase.ENDED,
        CallbackLeft: Phase.ENDED,
        KioskStayedAway: Phase.ENDED,
        KioskRevoked: Phase.ENDED,
        DeskClosing: Phase.ENDED,
    },
    Phase.CONNECTING: {
        StaffAnswered: Phase.CONNECTING,
        MediaUp: Phase.CONNECTING,
        RoomLost: Phase.CONNECTING,
        VisitorSuspended: Phase.CONNECTING,
        VisitorResumed: Phase.CONNECTING,
        StaffSuspended: Phase.CONNECTING,
        StaffResumed: Phase.CONNECTING,
        SuspendedLong: Phase.CONNECTING,
        SidesMet: Phase.TALKING,
        VisitorHungUp: Phase.ENDED,
        StaffHungUp: Phase.ENDED,
        MediaLost: Phase.ENDED,
        RejoinFailed: Phase.ENDED,
        NeverConnected: Phase.ENDED,
        KioskStayedAway: Phase.ENDED,
        StaffStayedAway: Phase.ENDED,
        KioskRevoked: Phase.ENDED,
        DeskClosing: Phase.ENDED,
    },
    Phase.TALKING: {
        StaffAnswered: Phase.TALKING,
        MediaUp: Phase.TALKING,
        RoomLost: Phase.CONNECTING,
        VisitorSuspended: Phase.TALKING,
        VisitorResumed: Phase.TALKING,
        StaffSuspended: Phase.TALKING,
        StaffResumed: Phase.TALKING,
        SuspendedLong: Phase.TALKING,
        VisitorHungUp: Phase.ENDED,
        StaffHungUp: Phase.ENDED,
        MediaLost: Phase.ENDED,
        RejoinFailed: Phase.ENDED,
        KioskStayedAway: Phase.ENDED,
        StaffStayedAway: Phase.ENDED,
        KioskRevoked: Phase.ENDED,
        DeskClosing: Phase.ENDED,
    },
    Phase.ENDED: {
        VisitorHungUp: Phase.ENDED,
        StaffHungUp: Phase.ENDED,
        Rated: Phase.ENDED,
        OutcomeNoted: Phase.ENDED,
        WrapUpOver: Phase.ENDED,
        CallClosed: Phase.ENDED,
        LeftUnclosed: Phase.ENDED,
    },
}

SERVED = frozenset({Phase.CONNECTING, Phase.TALKING})
"""Phases in which a staff member has answered and a room is open."""


@dataclass(slots=True)
class Call:
    """One visit to the window. Only the modules of this package write to it."""

    call: CallId
    kiosk: KioskId
    request: str
    city: str
    item: int
    group: str
    consent: Literal["accepted", "declined"]
    order: int
    """First come: lower is earlier, for all calls of a run of the server."""
    asked_at: datetime
    phase: Phase = Phase.WAITING
    choice: bool = False
    staff: StaffId | None = None
    ring_ends_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    outcome: str | None = None
    note: str = ""
    rated: bool = False
    room: bool = False
    """A room was ordered; it is closed once."""
    media_number: int = 1
    """Counts the rooms: another one follows when a media worker was lost, and all connections are made anew."""
    lost_at: list[datetime] = field(default_factory=list)
    """When rooms were lost, the last few."""
    closed: bool = False
    """The kiosk has left the page of this call."""
    wrapping: bool = False
    """The staff member has still to note the outcome."""
    recording: CallRecording = field(default_factory=CallRecording)
    media: dict[Side, Media] = field(default_factory=lambda: {"kiosk": Media.DOWN, "staff": Media.DOWN})
    paths: dict[str, str] = field(default_factory=dict)
    """Which way each media connection takes, as its client told last."""
    paths_noted: int = 0
    declined: dict[StaffId, bool] = field(default_factory=dict)
    """Who declined this call; True when that is long enough ago to ring them again."""

    @property
    def live(self) -> bool:
        """Whether the call has not ended."""
        return self.phase is not Phase.ENDED

    @property
    def served_by(self) -> StaffId | None:
        """Who answered, if anybody did."""
        return self.staff if self.answered_at is not None else None

    @property
    def line_key(self) -> tuple[str, str]:
        """City and item group: what a staff member must cover."""
        return self.city, self.group

    def allows(self, event: Event) -> bool:
        """Say whether the event has a meaning in the present phase."""
        return type(event) in TRANSITIONS[self.phase]

    def check(self, event: Event) -> None:
        """Raise Refused("not_now") when the event has no meaning in the present phase."""
        if not self.allows(event):
            raise Refused("not_now", f"{type(event).__name__} in phase {self.phase}")

    def advance(self, event: Event) -> None:
        """Move to the next phase; raises Refused("not_now") and changes nothing."""
        self.check(event)
        self.phase = TRANSITIONS[self.phase][type(event)]
