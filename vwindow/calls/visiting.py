"""Rules of the kiosk's side: asking, waiting, hanging up, rating, closing, and a lost link.

What a page may say twice without harm (a hang-up, a closing, the same request) is no error; what belongs to
somebody else's call is.
"""

from vwindow.calls.books import Books, Seat
from vwindow.calls.call import SERVED, Call
from vwindow.calls.effects import MirrorKiosk, SaveCall, SaveCallback, SaveRating, TellKiosk
from vwindow.calls.ending import close, end
from vwindow.calls.events import (
    CallAsked,
    CallbackLeft,
    CallClosed,
    DeclineCooled,
    KioskConnected,
    KioskLost,
    KioskRevoked,
    KioskStayedAway,
    LeftUnclosed,
    Rated,
    VisitorHungUp,
    VisitorWaited,
    WaitedLong,
)
from vwindow.calls.presence import Link, next_link
from vwindow.calls.recording import RecordingState
from vwindow.errors import Refused


def asked(books: Books, event: CallAsked) -> None:
    seat = _asking_seat(books, event)
    if seat.request == event.request:
        if seat.call is None:
            raise Refused("request_used", "this request was a call that is over")
        books.give(TellKiosk(seat.kiosk, seat.call))
        return
    shown = books.calls[seat.call] if seat.call is not None else None
    if shown is not None and shown.live:
        raise Refused("call_running")
    if books.closing:
        raise Refused("closing", status=503, retryable=True)
    if event.call in books.calls:
        raise Refused("call_known", "a call has one id")
    if not event.rule.virtual:
        raise Refused("not_virtual")
    ask_policy = books.rules.recording_policy == "ask"
    if ask_policy and event.recording == "declined" and books.rules.on_decline == "offline_window":
        raise Refused("recording_declined")
    if shown is not None:
        close(books, shown)
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
        asked_at=event.at,
    )
    if ask_policy and event.recording == "declined":
        call.recording.state = RecordingState.DECLINED
    books.calls[call.call] = call
    seat.call = call.call
    seat.request = event.request
    books.line.add(call.order, call.call, call.line_key)
    books.give(TellKiosk(call.kiosk, call.call), SaveCall(call.call))
    books.start_timer(call.call, "wait", books.rules.choice_seconds, WaitedLong(event.at, call.call))


def _asking_seat(books: Books, event: CallAsked) -> Seat:
    seat = books.seats.get(event.kiosk)
    if seat is None:
        raise Refused("kiosk_unknown", status=404)
    if seat.revoked:
        raise Refused("kiosk_revoked", status=403)
    if seat.link is Link.AWAY:
        raise Refused("kiosk_away", retryable=True)
    return seat


def hung_up(books: Books, event: VisitorHungUp) -> None:
    call = books.kiosk_call(event.call, event.kiosk)
    if call is not None and call.live:
        end(books, call, event, "visitor_hung_up" if call.phase in SERVED else "visitor_left")


def waited_on(books: Books, event: VisitorWaited) -> None:
    call = books.known(books.kiosk_call(event.call, event.kiosk))
    call.advance(event)
    if call.choice:
        call.choice = False
        again = WaitedLong(event.at, call.call)
        books.start_timer(call.call, "wait", books.rules.choice_again_seconds, again)
        books.give(TellKiosk(call.kiosk, call.call))


def waited_long(books: Books, call: Call, event: WaitedLong) -> None:
    call.advance(event)
    call.choice = True
    books.give(TellKiosk(call.kiosk, call.call))


def decline_cooled(books: Books, call: Call, event: DeclineCooled) -> None:
    call.advance(event)
    call.declined[event.staff] = True


def callback_left(books: Books, event: CallbackLeft) -> None:
    call = books.known(books.kiosk_call(event.call, event.kiosk))
    if not call.live and call.reason == "callback_left":
        return
    end(books, call, event, "callback_left")
    books.give(SaveCallback(call.call, event.name, event.phone))


def rated(books: Books, event: Rated) -> None:
    call = books.known(books.kiosk_call(event.call, event.kiosk))
    call.check(event)
    if call.closed:
        raise Refused("call_closed")
    if call.rated:
        raise Refused("already_rated")
    call.rated = True
    books.give(SaveRating(call.call, event.grade))


def closed(books: Books, event: CallClosed) -> None:
    call = books.kiosk_call(event.call, event.kiosk)
    if call is None or call.closed:
        return
    if call.live:
        raise Refused("call_running")
    close(books, call)
    books.give(MirrorKiosk(call.kiosk))
    books.note(call, "closed", event)


def left_unclosed(books: Books, call: Call, event: LeftUnclosed) -> None:
    close(books, call)
    books.give(MirrorKiosk(call.kiosk))


def connected(books: Books, event: KioskConnected) -> None:
    seat = books.seats.setdefault(event.kiosk, Seat(event.kiosk))
    seat.link = next_link(seat.link, event)
    seat.revoked = False
    if seat.call is not None:
        books.stop_timer(seat.call, "kiosk_grace")
    books.give(MirrorKiosk(event.kiosk))


def lost(books: Books, event: KioskLost) -> None:
    seat = books.seats.get(event.kiosk)
    if seat is None or seat.link is Link.AWAY:
        return
    seat.link = next_link(seat.link, event)
    if seat.call is not None and books.calls[seat.call].live:
        away = KioskStayedAway(event.at, seat.call)
        books.start_timer(seat.call, "kiosk_grace", books.rules.kiosk_grace_seconds, away)


def stayed_away(books: Books, call: Call, event: KioskStayedAway) -> None:
    end(books, call, event, "kiosk_lost")


def revoked(books: Books, event: KioskRevoked) -> None:
    seat = books.seats.get(event.kiosk)
    if seat is None:
        return
    seat.revoked = True
    if seat.call is not None and books.calls[seat.call].live:
        end(books, books.calls[seat.call], event, "kiosk_revoked")
