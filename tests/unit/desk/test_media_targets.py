"""What a worker says a picture may have goes to the console and past the rules of the call."""

from tests.fakes.desk_house import S1, house
from vwindow.ids import RoomId

SHARES = {"staff.face": 400_000, "staff.screen": 900_000}


async def test_a_console_is_told_at_once_what_its_pictures_may_have() -> None:
    async with house() as h:
        call = await h.talking()
        h.desk.targets_changed(RoomId(call), "console", SHARES)
        assert h.outbox.targets == [(S1, call, SHARES)]


async def test_others_and_unknown_rooms_are_told_nothing() -> None:
    async with house() as h:
        call = await h.talking()
        h.desk.targets_changed(RoomId(call), "guest", SHARES)
        h.desk.targets_changed(RoomId("nowhere"), "console", SHARES)
        assert h.outbox.targets == []
