"""Rules of ringing: whom a waiting call rings, and how a ring ends without an answer."""

from datetime import datetime, timedelta

from vwindow.calls.books import Books
from vwindow.calls.call import Call
from vwindow.calls.effects import SaveCall, TellKiosk, TellStaff
from vwindow.calls.events import Event, NobodyAnswered, StaffRung
from vwindow.calls.presence import Link
from vwindow.calls.roster import Member, StaffState


def match(books: Books, at: datetime) -> None:
    """Ring for every waiting call that somebody is free for, first come first.

    A call whose kiosk is away keeps its place but is not rung: nobody would be there to be served.
    """
    for place in books.line:
        if not books.roster.anybody_free():
            return
        call = books.calls[place.call]
        if books.seats[call.kiosk].link is Link.AWAY:
            continue
        member = books.roster.pick(call.city, call.group, call.declined)
        if member is not None:
            _ring(books, call, member, at)


def _ring(books: Books, call: Call, member: Member, at: datetime) -> None:
    seconds = books.rules.ring_seconds
    rung = StaffRung(at, call.call, member.staff)
    call.advance(rung)
    member.move(StaffState.RINGING, call.call)
    books.line.remove(call.order)
    call.staff = member.staff
    call.choice = False
    call.ring_ends_at = at + timedelta(seconds=seconds)
    books.give(TellStaff(member.staff), TellKiosk(call.kiosk, call.call))
    books.stop_timer(call.call, "wait")
    books.start_timer(call.call, "ring", seconds, NobodyAnswered(at, call.call, member.staff))
    books.give(SaveCall(call.call))
    since = member.since.isoformat() if member.since else ""
    books.note(call, "rung", rung, staff=member.staff, post=member.ability.post, ready_since=since)


def unring(books: Books, call: Call, event: Event, state: StaffState) -> None:
    """End a ring that nobody answered: the staff member goes to `state`, the call back to its place.

    The visitor gets a choice; if somebody else is free, `match` takes it back in the same breath.
    """
    call.advance(event)
    member = take_back(books, call, state)
    call.choice = True
    books.line.add(call.order, call.call, call.line_key)
    books.give(TellStaff(member.staff), TellKiosk(call.kiosk, call.call), SaveCall(call.call))


def take_back(books: Books, call: Call, state: StaffState) -> Member:
    """Free the staff member who is being rung."""
    assert call.staff is not None, "a ringing call names who is rung"
    member = books.member(call.staff)
    member.move(state)
    if state is not StaffState.READY:
        member.since = None
    call.staff = None
    call.ring_ends_at = None
    books.stop_timer(call.call, "ring")
    books.give(TellStaff(member.staff))
    return member
