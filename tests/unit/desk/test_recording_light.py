"""What both sides see of a recording that stalls."""

from tests.fakes.desk_house import K1, S1, house
from vwindow.ids import RoomId


async def test_both_sides_are_told_when_nothing_reaches_the_disk_and_when_it_does_again() -> None:
    async with house() as h:
        call = await h.talking()
        h.desk.recording_progress(RoomId(call), 1000, 1000, False)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].recording == h.outbox.staff_calls[S1].recording == "writing"
        h.desk.recording_progress(RoomId(call), 1000, 0, True)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].recording == h.outbox.staff_calls[S1].recording == "stalled"
        h.desk.recording_progress(RoomId(call), 2000, 1000, False)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].recording == h.outbox.staff_calls[S1].recording == "writing"
