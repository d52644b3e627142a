"""Rules of the staff's side: duty, answering, declining, hanging up, wrap-up, and a lost console."""

from vwindow.calls.books import Books
from vwindow.calls.call import SERVED, Call, Phase
from vwindow.calls.effects import OpenRoom, SaveCall, StartRecording, TellStaff
from vwindow.calls.ending import drop_if_gone, end, finish_wrap_up
from vwindow.calls.events import (
    DeclineCooled,
    NeverConnected,
    NobodyAnswered,
    OutcomeNoted,
    StaffAnswered,
    StaffConnected,
    StaffDeclined,
    StaffHungUp,
    StaffLeft,
    StaffLost,
    StaffPaused,
    StaffReady,
    StaffStayedAway,
    WrapUpOver,
)
from vwindow.calls.presence import Link, next_link
from vwindow.calls.recording import RecordingState
from vwindow.calls.ringing import unring
from vwindow.calls.roster import Member, StaffState
from vwindow.errors import Refused
from vwindow.ids import CallId


def connected(books: Books, event: StaffConnected) -> None:
    member = books.roster.get(event.staff)
    if member is None:
        member = Member(event.staff, event.ability)
        books.roster.add(member)
    member.ability = event.ability
    member.link = next_link(member.link, event)
    books.stop_timer(member.staff, "grace")
    books.give(TellStaff(member.staff))


def lost(books: Books, event: StaffLost) -> None:
    member = books.roster.get(event.staff)
    if member is None or member.link is Link.AWAY:
        return
    member.link = next_link(member.link, event)
    if member.state is StaffState.OFF:
        drop_if_gone(books, member)
        return
    away = StaffStayedAway(event.at, member.staff)
    books.start_timer(member.staff, "grace", books.rules.staff_grace_seconds, away)
    if member.state is StaffState.RINGING:
        # No fault of theirs: the next one is rung at once, and this call may come to them again.
        call = books.calls[_call_of(member)]
        unring(books, call, event, StaffState.READY)
        books.note(call, "console_lost", event, staff=member.staff)


def stayed_away(books: Books, event: StaffStayedAway) -> None:
    member = books.member(event.staff)
    if member.state is StaffState.BUSY:
        member.after = StaffState.OFF
        end(books, books.calls[_call_of(member)], event, "staff_lost")
    elif member.state is StaffState.WRAP_UP:
        member.after = StaffState.OFF
    else:
        member.move(StaffState.OFF)
        member.since = None
        drop_if_gone(books, member)


def ready(books: Books, event: StaffReady) -> None:
    member = books.member(event.staff)
    if member.link is Link.AWAY:
        raise Refused("staff_away", retryable=True)
    if member.call is not None:
        member.after = StaffState.READY
    elif member.state is not StaffState.READY:
        member.move(StaffState.READY)
        member.since = event.at
    books.give(TellStaff(member.staff))


def paused(books: Books, event: StaffPaused) -> None:
    member = books.member(event.staff)
    _leave_line(books, member, event, StaffState.BREAK)
    if member.state is StaffState.BREAK:
        member.pause = event.reason


def left(books: Books, event: StaffLeft) -> None:
    member = books.roster.get(event.staff)
    if member is not None:
        _leave_line(books, member, event, StaffState.OFF)
        drop_if_gone(books, member)


def _leave_line(books: Books, member: Member, event: StaffPaused | StaffLeft, state: StaffState) -> None:
    """Go to break or off: at once, or after the call that is being served; a ring counts as declined."""
    if member.state is StaffState.RINGING:
        call = books.calls[_call_of(member)]
        unring(books, call, event, state)
        books.note(call, "declined", event, staff=member.staff, reason=str(state))
    elif member.call is not None:
        member.after = state
    elif member.state is not state:
        member.move(state)
        member.since = None
    books.give(TellStaff(member.staff))


def answered(books: Books, event: StaffAnswered) -> None:
    call = _rung(books, event)
    before = call.phase
    call.advance(event)
    if before in SERVED:
        return
    member = books.member(event.staff)
    member.move(StaffState.BUSY, call.call)
    member.since = None
    member.after = StaffState.READY
    call.answered_at = event.at
    call.ring_ends_at = None
    call.room = True
    books.give(*books.timers.stop_all(call.call, but="kiosk_grace"))
    books.give(OpenRoom(call.call))
    books.tell(call)
    books.give(SaveCall(call.call))
    books.start_timer(call.call, "connect", books.rules.connect_seconds, NeverConnected(event.at, call.call))
    if books.rules.recording_policy == "ask" and call.recording.state is not RecordingState.DECLINED:
        call.recording.start()
        books.give(StartRecording(call.call))


def declined(books: Books, event: StaffDeclined) -> None:
    call = _rung(books, event)
    call.check(event)
    _decline(books, call, event, event.reason)


def _rung(books: Books, event: StaffAnswered | StaffDeclined) -> Call:
    call = books.known(books.calls.get(event.call))
    if call.staff != event.staff:
        raise Refused("ring_over", status=409)
    return call


def hung_up(books: Books, event: StaffHungUp) -> None:
    call = books.calls.get(event.call)
    if call is None:
        return
    call = books.known(books.staff_call(event.call, event.staff))
    if call.phase is Phase.RINGING:
        _decline(books, call, event, "other")
    elif call.live:
        end(books, call, event, "staff_hung_up")


def _decline(books: Books, call: Call, event: StaffDeclined | StaffHungUp, reason: str) -> None:
    unring(books, call, event, StaffState.READY)
    books.member(event.staff).since = event.at
    call.declined[event.staff] = False
    cooled = DeclineCooled(event.at, call.call, event.staff)
    books.start_timer(call.call, f"decline:{event.staff}", books.rules.decline_seconds, cooled)
    books.note(call, "declined", event, staff=event.staff, reason=reason)


def nobody_answered(books: Books, call: Call, event: NobodyAnswered) -> None:
    """Pause who did not answer (clause 4.3.1): the next call must not ring at an empty desk."""
    unring(books, call, event, StaffState.BREAK)
    books.member(event.staff).pause = "no_answer"
    books.note(call, "no_answer", event, staff=event.staff)


def noted(books: Books, event: OutcomeNoted) -> None:
    call = books.known(books.staff_call(event.call, event.staff))
    call.check(event)
    if call.served_by is None:
        raise Refused("not_your_call", status=403)
    if call.outcome is not None:
        if (call.outcome, call.note) != (event.outcome, event.note):
            raise Refused("already_noted")
        return
    call.outcome = event.outcome
    call.note = event.note
    books.give(SaveCall(call.call), TellStaff(event.staff))
    if call.wrapping:
        finish_wrap_up(books, call, event)


def wrap_up_over(books: Books, call: Call, event: WrapUpOver) -> None:
    books.note(call, "wrap_up_over", event)
    finish_wrap_up(books, call, event)


def _call_of(member: Member) -> CallId:
    assert member.call is not None, "this state has a call"
    return member.call
