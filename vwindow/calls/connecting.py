"""Rules of the room: media of both sides, a lost room, the recording's news, and the end of the server."""

from datetime import timedelta

from vwindow.calls.books import Books
from vwindow.calls.call import SERVED, Call, Phase
from vwindow.calls.effects import ReopenRoom, SaveCall, ShowLight, StartRecording, TellKiosk, TellStaffCall
from vwindow.calls.ending import end
from vwindow.calls.events import (
    DeskClosing,
    MediaLost,
    MediaUp,
    NeverConnected,
    PathFound,
    RejoinFailed,
    RoomLost,
    SidesMet,
)
from vwindow.calls.presence import Media, next_media
from vwindow.calls.recording import Progress

PATHS_NOTED = 100
"""Changes of path that are kept of one call: a client that tells of more has them shown, but not kept."""


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


def path_found(books: Books, call: Call, event: PathFound) -> None:
    """Show the staff member which way a connection takes, and keep it; the call goes on whatever it is."""
    if call.phase not in SERVED or call.staff is None or call.paths.get(event.part) == event.path:
        return
    call.paths[event.part] = event.path
    books.give(TellStaffCall(call.staff, call.call))
    if call.paths_noted < PATHS_NOTED:
        call.paths_noted += 1
        books.note(call, f"path_{event.part}", event, path=event.path)


def never_connected(books: Books, call: Call, event: NeverConnected) -> None:
    end(books, call, event, "never_connected" if call.media_number == 1 else "worker_lost")


def room_lost(books: Books, call: Call, event: RoomLost) -> None:
    """Go on in another room; a call that loses too many in a row ends."""
    since = event.at - timedelta(seconds=books.rules.rejoin_seconds)
    call.lost_at = [*(at for at in call.lost_at if at > since), event.at]
    if len(call.lost_at) >= books.rules.rejoin_times:
        end(books, call, RejoinFailed(event.at, call.call), "worker_lost")
        return
    call.advance(event)
    call.media_number += 1
    call.media = {"kiosk": Media.DOWN, "staff": Media.DOWN}
    call.paths = {}
    books.give(ReopenRoom(call.call, call.media_number))
    if call.recording.running:
        call.recording.start()
        books.give(StartRecording(call.call))
    over = NeverConnected(event.at, call.call)
    books.start_timer(call.call, "connect", books.rules.connect_seconds, over)
    books.tell(call)
    books.give(SaveCall(call.call))
    books.note(call, "room_lost", event)


def recording_moved(books: Books, call: Call, event: Progress) -> None:
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
