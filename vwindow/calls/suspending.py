"""Rules of "suspend for secrets": either side has nothing kept while a password is said or a paper is shown.

Rules: who suspended is known, and what a side suspended only that side resumes; both may hold at once, and the
recording goes on when neither does. What is not recorded cannot be suspended. Saying the same thing twice is no error.
"""

from vwindow.calls.books import Books
from vwindow.calls.call import Call
from vwindow.calls.effects import ResumeRecording, SuspendRecording, TellStaffCall
from vwindow.calls.events import (
    CallResumed,
    Side,
    StaffResumed,
    StaffSuspended,
    SuspendedLong,
    VisitorResumed,
    VisitorSuspended,
)
from vwindow.errors import Refused

SIDES: dict[type[VisitorSuspended | VisitorResumed | StaffSuspended | StaffResumed], Side] = {
    VisitorSuspended: "kiosk",
    VisitorResumed: "kiosk",
    StaffSuspended: "staff",
    StaffResumed: "staff",
}


def suspended(books: Books, event: VisitorSuspended | StaffSuspended) -> None:
    call = _recorded(books, event)
    before = call.recording.suspended_by
    if call.recording.hold(SIDES[type(event)]):
        _changed(books, call, event, "recording_suspended")
        if not before:
            remind_later(books, call, event)


def resumed(books: Books, event: VisitorResumed | StaffResumed) -> None:
    call = _recorded(books, event)
    side = SIDES[type(event)]
    if call.recording.suspended_by and side not in call.recording.suspended_by:
        raise Refused("suspended_by_other")
    if call.recording.release(side):
        _changed(books, call, event, "recording_resumed")
        if not call.recording.suspended_by:
            books.stop_timer(call.call, "suspended")


def lasted(books: Books, call: Call, event: SuspendedLong) -> None:
    call.advance(event)
    call.recording.suspended_long = True
    if call.staff is not None:
        books.give(TellStaffCall(call.staff, call.call))


def remind_later(books: Books, call: Call, event: VisitorSuspended | StaffSuspended | CallResumed) -> None:
    """Have the staff member reminded of a recording that stays suspended."""
    long = SuspendedLong(event.at, call.call)
    books.start_timer(call.call, "suspended", books.rules.suspended_long_seconds, long)


def _recorded(books: Books, event: VisitorSuspended | VisitorResumed | StaffSuspended | StaffResumed) -> Call:
    """Return the call of whoever speaks, if it is recorded; raises Refused."""
    if isinstance(event, VisitorSuspended | VisitorResumed):
        call = books.known(books.kiosk_call(event.call, event.kiosk))
    else:
        call = books.known(books.staff_call(event.call, event.staff))
    call.check(event)
    if not call.recording.running:
        raise Refused("not_recorded")
    return call


def _changed(
    books: Books, call: Call, event: VisitorSuspended | VisitorResumed | StaffSuspended | StaffResumed, kind: str
) -> None:
    held = call.recording.suspended_by
    call.advance(event)
    books.give(SuspendRecording(call.call, held) if held else ResumeRecording(call.call))
    books.tell(call)
    books.note(call, kind, event, by=SIDES[type(event)])
