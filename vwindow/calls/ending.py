"""Rules of ending: what follows the end of a call for the kiosk, the staff member and the room."""

from vwindow.calls.books import Books
from vwindow.calls.call import SERVED, Call, Phase
from vwindow.calls.effects import CloseRoom, Forget, SaveCall, TellStaff
from vwindow.calls.events import Event, LeftUnclosed, WrapUpOver
from vwindow.calls.presence import Link
from vwindow.calls.ringing import take_back
from vwindow.calls.roster import Member, StaffState


def end(books: Books, call: Call, event: Event, reason: str) -> None:
    """End a live call; raises Refused("not_now") where TRANSITIONS has no end for the event."""
    before = call.phase
    call.advance(event)
    books.give(*books.timers.stop_all(call.call))
    books.line.remove(call.order)
    call.choice = False
    call.reason = reason
    call.ended_at = event.at
    call.recording.stop()
    if before is Phase.RINGING:
        take_back(books, call, StaffState.READY)
    elif before in SERVED:
        _begin_wrap_up(books, call, event)
    if call.room:
        books.give(CloseRoom(call.call))
    books.tell(call)
    books.give(SaveCall(call.call))
    seconds = books.rules.keep_ended_seconds
    books.start_timer(call.call, "keep", seconds, LeftUnclosed(event.at, call.call))


def _begin_wrap_up(books: Books, call: Call, event: Event) -> None:
    assert call.staff is not None, "a served call has its staff member"
    member = books.member(call.staff)
    member.move(StaffState.WRAP_UP, call.call)
    begin_wrap_up_timer(books, call, member, event)


def begin_wrap_up_timer(books: Books, call: Call, member: Member, event: Event) -> None:
    """Give the staff member their time for the outcome."""
    call.wrapping = True
    over = WrapUpOver(event.at, call.call, member.staff)
    books.start_timer(call.call, "wrap_up", books.rules.wrap_up_seconds, over)


def finish_wrap_up(books: Books, call: Call, event: Event) -> None:
    """Let the staff member go on; one who stayed away is off."""
    assert call.staff is not None, "a call in wrap-up has its staff member"
    member = books.member(call.staff)
    books.stop_timer(call.call, "wrap_up")
    call.wrapping = False
    gone = member.link is Link.AWAY and not books.timers.running(member.staff, "grace")
    state = StaffState.OFF if gone else member.after
    member.move(state)
    member.after = StaffState.READY
    member.since = event.at if state is StaffState.READY else None
    books.give(TellStaff(member.staff))
    drop_if_gone(books, member)
    forget_if_over(books, call)


def close(books: Books, call: Call) -> None:
    """Take the page of an ended call from its kiosk."""
    call.closed = True
    books.stop_timer(call.call, "keep")
    seat = books.seats[call.kiosk]
    if seat.call == call.call:
        seat.call = None
    forget_if_over(books, call)


def forget_if_over(books: Books, call: Call) -> None:
    """Drop an ended call that neither side looks at any more."""
    if call.closed and not call.wrapping:
        books.give(*books.timers.stop_all(call.call))
        books.forgotten[call.call] = books.calls.pop(call.call)
        books.give(Forget(call.call))


def drop_if_gone(books: Books, member: Member) -> None:
    """Drop a staff member who is off and whose console is gone."""
    if member.state is StaffState.OFF and member.link is Link.AWAY:
        books.give(*books.timers.stop_all(member.staff))
        books.roster.drop(member.staff)
