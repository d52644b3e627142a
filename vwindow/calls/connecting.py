"""Rules of the room: media of both sides, the recording's news, the end of the server, and its restart."""

from vwindow.calls.books import Books, Seat
from vwindow.calls.call import Call, Phase
from vwindow.calls.effects import SaveCall, ShowLight, TellKiosk, TellStaff, TellStaffCall
from vwindow.calls.ending import begin_wrap_up_timer, close, end
from vwindow.calls.events import (
    CallCut,
    DeskClosing,
    LeftUnclosed,
    MediaLost,
    MediaUp,
    NeverConnected,
    RecordingFailed,
    RecordingStalled,
    RecordingWrote,
    RoomLost,
    SidesMet,
)
from vwindow.calls.presence import Link, Media, next_media
from vwindow.calls.recording import RecordingState
from vwindow.calls.roster import Member, StaffState


def media_up(books: Books, call: Call, event: MediaUp) -> None:
    call.advance(event)
    call.media[event.side] = next_media(call.media[event.side], event)
    if call.phase is Phase.CONNECTING and all(media is Media.UP for media in call.media.values()):
        call.advance(SidesMet(event.at, call.call))
        books.stop_timer(call.call, "connect")
        books.tell(call)
        books.give(SaveCall(call.call))


def media_lost(books: Books, call: Call, event: MediaLost) -> None:
    call.media[event.side] = next_media(call.media[event.side], event)
    end(books, call, event, "media_lost")


def never_connected(books: Books, call: Call, event: NeverConnected) -> None:
    end(books, call, event, "never_connected")


def room_lost(books: Books, call: Call, event: RoomLost) -> None:
    end(books, call, event, "worker_lost")


def recording_moved(books: Books, call: Call, event: RecordingWrote | RecordingStalled | RecordingFailed) -> None:
    changed = call.recording.advance(event)
    if not call.recording.running or call.staff is None:
        return
    books.give(ShowLight(call.staff, call.call))
    if changed:
        books.give(TellKiosk(call.kiosk, call.call), TellStaffCall(call.staff, call.call))
        books.note(call, f"recording_{call.recording.state}", event)


def closing(books: Books, event: DeskClosing) -> None:
    books.closing = True
    for call in [call for call in books.calls.values() if call.live]:
        end(books, call, event, "closing")


def cut(books: Books, event: CallCut) -> None:
    """Take over a call that a crash left open, so that both sides are told why it ended."""
    if event.call in books.calls:
        return
    seat = books.seats.setdefault(event.kiosk, Seat(event.kiosk, link=Link.AWAY))
    if seat.call is not None:
        if books.calls[seat.call].live:
            return
        close(books, books.calls[seat.call])
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
        phase=Phase.ENDED,
        staff=event.staff,
        answered_at=event.answered_at,
        ended_at=event.at,
        reason="server_restarted",
    )
    if event.recording == "declined" and books.rules.recording_policy == "ask":
        call.recording.state = RecordingState.DECLINED
    books.calls[call.call] = call
    seat.call = call.call
    seat.request = event.request
    books.start_timer(call.call, "keep", books.rules.keep_ended_seconds, LeftUnclosed(event.at, call.call))
    books.give(TellKiosk(call.kiosk, call.call))
    if event.staff is None or event.answered_at is None:
        call.staff = None
        return
    member = books.roster.get(event.staff)
    if member is None:
        member = Member(event.staff, event.ability, link=Link.AWAY)
        books.roster.add(member)
    if member.state is StaffState.OFF:
        member.move(StaffState.WRAP_UP, call.call)
        begin_wrap_up_timer(books, call, member, event)
        books.give(TellStaff(member.staff))
