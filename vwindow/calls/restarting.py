"""Rules of a start: calls that go on at a media worker, calls that were cut, calls that had just ended."""

from vwindow.calls.books import Books, Seat
from vwindow.calls.call import Call, Phase
from vwindow.calls.effects import AdoptRoom, StartRecording, TellKiosk, TellStaff
from vwindow.calls.ending import begin_wrap_up_timer, close, finish_wrap_up
from vwindow.calls.events import (
    CallCut,
    CallFound,
    CallResumed,
    KioskStayedAway,
    LeftUnclosed,
    NeverConnected,
    StaffStayedAway,
)
from vwindow.calls.presence import Link
from vwindow.calls.recording import RecordingState
from vwindow.calls.roster import Member, StaffState
from vwindow.calls.suspending import remind_later
from vwindow.ids import StaffId


def resumed(books: Books, event: CallResumed) -> None:
    """Go on with a call whose room is there; nothing happens when its people already have another one."""
    if event.call in books.calls or event.staff is None or event.answered_at is None:
        return
    member = books.roster.get(event.staff)
    if member is not None and member.state is StaffState.WRAP_UP and member.call is not None:
        # Whoever answered another call has let the outcome of the one before go.
        finish_wrap_up(books, books.calls[member.call], event)
        member = books.roster.get(event.staff)
    if member is not None and member.state is not StaffState.OFF:
        return
    seat = _free_seat(books, event)
    if seat is None:
        return
    if member is None:
        member = Member(event.staff, event.ability, link=Link.AWAY)
        books.roster.add(member)
    call = _known_again(books, event, seat, Phase.TALKING if event.talking else Phase.CONNECTING)
    call.room = True
    call.media_number = event.media
    member.move(StaffState.BUSY, call.call)
    books.give(AdoptRoom(call.call))
    if books.rules.recording_policy == "ask" and call.recording.state is not RecordingState.DECLINED:
        call.recording.start()
        call.recording.suspended_by = event.suspended_by
        books.give(StartRecording(call.call))
        if event.suspended_by:
            remind_later(books, call, event)
    if call.phase is Phase.CONNECTING:
        over = NeverConnected(event.at, call.call)
        books.start_timer(call.call, "connect", books.rules.connect_seconds, over)
    if seat.link is Link.AWAY:
        gone = KioskStayedAway(event.at, call.call)
        books.start_timer(call.call, "kiosk_grace", books.rules.kiosk_grace_seconds, gone)
    if member.link is Link.AWAY:
        away = StaffStayedAway(event.at, member.staff)
        books.start_timer(member.staff, "grace", books.rules.staff_grace_seconds, away)
    books.tell(call)
    books.note(call, "resumed", event)


def cut(books: Books, event: CallCut) -> None:
    """Take over a call that is over, so that both sides are told why it ended and can still rate and note it."""
    if event.call in books.calls:
        return
    seat = _free_seat(books, event)
    if seat is None:
        return
    call = _known_again(books, event, seat, Phase.ENDED)
    call.ended_at = event.ended_at or event.at
    call.reason = event.reason
    call.outcome, call.note, call.rated = event.outcome, event.note, event.rated
    keep = books.rules.keep_ended_seconds
    left = min(keep, max(1.0, keep - (event.at - call.ended_at).total_seconds()))
    books.start_timer(call.call, "keep", left, LeftUnclosed(event.at, call.call))
    books.give(TellKiosk(call.kiosk, call.call))
    if event.staff is None or event.answered_at is None:
        call.staff = None
    elif event.outcome is None and not event.wrapped_up:
        _wrap_up(books, call, event, event.staff)
    if event.page_left:
        close(books, call)


def _wrap_up(books: Books, call: Call, event: CallCut, staff: StaffId) -> None:
    member = books.roster.get(staff)
    if member is None:
        member = Member(staff, event.ability, link=Link.AWAY)
        books.roster.add(member)
    if member.state is StaffState.OFF:
        member.move(StaffState.WRAP_UP, call.call)
        begin_wrap_up_timer(books, call, member, event)
        books.give(TellStaff(member.staff))


def _free_seat(books: Books, event: CallFound) -> Seat | None:
    """Return the kiosk's seat, None when it has a live call."""
    seat = books.seats.setdefault(event.kiosk, Seat(event.kiosk, link=Link.AWAY))
    if seat.call is not None:
        if books.calls[seat.call].live:
            return None
        close(books, books.calls[seat.call])
    return seat


def _known_again(books: Books, event: CallFound, seat: Seat, phase: Phase) -> Call:
    books.order += 1
    call = Call(
        call=event.call,
        kiosk=event.kiosk,
        request=event.request,
        city=event.city,
        item=event.item,
        group=event.rule.group,
        consent=event.recording,
        order=books.order,
        asked_at=event.asked_at,
        phase=phase,
        staff=event.staff,
        answered_at=event.answered_at,
    )
    if event.recording == "declined" and books.rules.recording_policy == "ask":
        call.recording.state = RecordingState.DECLINED
    books.calls[call.call] = call
    seat.call = call.call
    seat.request = event.request
    return call
