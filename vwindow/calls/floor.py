"""The floor: all calls, who waits and who can serve. One event in, orders out.

Order of work for each event: find whose it is, check (a refusal changes nothing), change, ring for whoever
waits, and tell those whose place in the line is another one now.
"""

from collections.abc import Callable
from typing import Any

from vwindow.calls import connecting, restarting, serving, suspending, visiting
from vwindow.calls.books import Books, Seat
from vwindow.calls.call import Call, Phase
from vwindow.calls.effects import Effect, TellKiosk, TellStaff
from vwindow.calls.events import (
    CallAsked,
    CallbackLeft,
    CallClosed,
    CallCut,
    CallResumed,
    DeclineCooled,
    DeskClosing,
    Event,
    KioskConnected,
    KioskLost,
    KioskRevoked,
    KioskStayedAway,
    LeftUnclosed,
    MediaLost,
    MediaUp,
    NeverConnected,
    NobodyAnswered,
    OutcomeNoted,
    PathFound,
    Rated,
    RecordingFailed,
    RecordingPaused,
    RecordingStalled,
    RecordingWrote,
    RoomLost,
    StaffAnswered,
    StaffConnected,
    StaffDeclined,
    StaffHungUp,
    StaffLeft,
    StaffLost,
    StaffPaused,
    StaffReady,
    StaffResumed,
    StaffStayedAway,
    StaffSuspended,
    SuspendedLong,
    TimerFired,
    VisitorHungUp,
    VisitorResumed,
    VisitorSuspended,
    VisitorWaited,
    WaitedLong,
    WrapUpOver,
)
from vwindow.calls.facts import CallRules
from vwindow.calls.presence import Link
from vwindow.calls.ringing import match
from vwindow.calls.roster import Member, StaffState
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId

PEOPLE: dict[type[Event], Callable[[Books, Any], None]] = {
    CallAsked: visiting.asked,
    VisitorHungUp: visiting.hung_up,
    VisitorWaited: visiting.waited_on,
    CallbackLeft: visiting.callback_left,
    Rated: visiting.rated,
    CallClosed: visiting.closed,
    KioskConnected: visiting.connected,
    KioskLost: visiting.lost,
    KioskRevoked: visiting.revoked,
    StaffConnected: serving.connected,
    StaffLost: serving.lost,
    StaffReady: serving.ready,
    StaffPaused: serving.paused,
    StaffLeft: serving.left,
    StaffAnswered: serving.answered,
    StaffDeclined: serving.declined,
    StaffHungUp: serving.hung_up,
    OutcomeNoted: serving.noted,
    StaffStayedAway: serving.stayed_away,
    VisitorSuspended: suspending.suspended,
    VisitorResumed: suspending.resumed,
    StaffSuspended: suspending.suspended,
    StaffResumed: suspending.resumed,
    CallCut: restarting.cut,
    CallResumed: restarting.resumed,
    DeskClosing: connecting.closing,
}
"""Events whose rules find the call themselves and may refuse."""

NEWS: dict[type[Event], Callable[[Books, Call, Any], None]] = {
    NobodyAnswered: serving.nobody_answered,
    WaitedLong: visiting.waited_long,
    DeclineCooled: visiting.decline_cooled,
    NeverConnected: connecting.never_connected,
    KioskStayedAway: visiting.stayed_away,
    WrapUpOver: serving.wrap_up_over,
    LeftUnclosed: visiting.left_unclosed,
    SuspendedLong: suspending.lasted,
    MediaUp: connecting.media_up,
    MediaLost: connecting.media_lost,
    RoomLost: connecting.room_lost,
}
"""Timers and the worker's news of one call: dropped where the call's phase has no entry for them."""

PROGRESS: dict[type[Event], Callable[[Books, Call, Any], None]] = {
    RecordingWrote: connecting.recording_moved,
    RecordingPaused: connecting.recording_moved,
    RecordingStalled: connecting.recording_moved,
    RecordingFailed: connecting.recording_moved,
    PathFound: connecting.path_found,
}
"""News that change no phase: their rules decide what they mean now."""


class Floor:
    """Own all calls; deterministic: the same events give the same effects."""

    def __init__(self, rules: CallRules) -> None:
        self._books = Books(rules)

    def apply(self, event: Event) -> list[Effect]:
        """Take in a fact and return the orders that follow; raises Refused and then nothing has changed."""
        books = self._books
        books.begin()
        if isinstance(event, TimerFired) and not books.timers.fired(event):
            return []
        kind = type(event)
        if kind in PROGRESS or kind in NEWS:
            call = books.calls.get(event.call)  # type: ignore[attr-defined]
            if call is None or (kind in NEWS and not call.allows(event)):
                return []
            (PROGRESS.get(kind) or NEWS[kind])(books, call, event)
            if kind in PROGRESS:
                return books.effects
        elif kind in PEOPLE:
            PEOPLE[kind](books, event)
        else:
            raise Refused("event_unknown", kind.__name__)
        match(books, event.at)
        self._tell_lines()
        return books.effects

    def _tell_lines(self) -> None:
        """Tell visitors whose place changed and staff whose line changed."""
        books = self._books
        lines = books.line.by_key()
        changed = {key for key in lines.keys() | books.told_lines.keys() if lines.get(key) != books.told_lines.get(key)}
        books.told_lines = lines
        if changed:
            for member in books.roster:
                if member.link is Link.HERE and any(member.ability.covers(*key) for key in changed):
                    books.give(TellStaff(member.staff))
        positions = books.line.positions(books.roster)
        duty = {key: len(books.roster.on_duty(*key)) for key in lines}
        places = {call: (positions[call], duty[key]) for key, waiting in lines.items() for call in waiting}
        for call, place in places.items():
            if books.told_places.get(call) != place:
                books.give(TellKiosk(books.calls[call].kiosk, call))
        books.told_places = places

    # ---- looking ----

    def call(self, call: CallId) -> Call | None:
        """Return a call that is not forgotten; read only."""
        return self._books.calls.get(call)

    def call_to_save(self, call: CallId) -> Call | None:
        """Return a call, also one that the last event dropped; read only."""
        return self._books.calls.get(call) or self._books.forgotten.get(call)

    def calls(self) -> tuple[Call, ...]:
        """Return all calls that are not forgotten; read only."""
        return tuple(self._books.calls.values())

    def member(self, staff: StaffId) -> Member | None:
        """Return a staff member; read only."""
        return self._books.roster.get(staff)

    def members(self) -> tuple[Member, ...]:
        """Return all staff members; read only."""
        return tuple(self._books.roster)

    def seat(self, kiosk: KioskId) -> Seat | None:
        """Return a kiosk's seat; read only."""
        return self._books.seats.get(kiosk)

    def call_of_kiosk(self, kiosk: KioskId) -> Call | None:
        """Return the call whose page the kiosk shows, live or ended."""
        seat = self._books.seats.get(kiosk)
        return self._books.calls[seat.call] if seat is not None and seat.call is not None else None

    def position(self, call: Call) -> int:
        """Return the place in the line, 1 is next; 0 for a call that does not wait."""
        if call.phase is not Phase.WAITING:
            return 0
        place = self._books.told_places.get(call.call)
        return place[0] if place is not None else 0

    def ready_staff(self, call: Call) -> int:
        """Return how many staff could take this call, busy or free."""
        return len(self._books.roster.on_duty(*call.line_key))

    def line_for(self, member: Member) -> list[Call]:
        """Return the waiting calls that a staff member could serve, first come first; none while off."""
        if member.state is StaffState.OFF:
            return []
        return [self._books.calls[place.call] for place in self._books.line if member.ability.covers(*place.key)]

    @property
    def books(self) -> Books:
        """All of it, for tests that check what must always hold."""
        return self._books
