"""One person at two computers: the media of a call are with one of them, and each answer goes to who offered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling.outbox import SocketOutbox
from tests.fakes.desk_house import S1
from tests.fakes.front_door import FrontDoor, Session, front_door
from vwindow.desk.ports import RoomAnswer
from vwindow.desk.views import SlotView
from vwindow.ids import CallId

ANSWER = RoomAnswer("v=0", (SlotView("0", "audio", "kiosk.microphone"),))


@asynccontextmanager
async def answered() -> AsyncIterator[tuple[FrontDoor, str, Session, Session]]:
    """Have a call that the first of two consoles of one person answered."""
    async with front_door() as door:
        one, two = await door.console(), await door.console()
        assert (await one.call("/staff", "staff.ready", {}))["ok"]
        call = await door.inside.ask()
        await door.inside.desk.settled()
        assert (await one.call("/staff", "call.answer", {"call": call}))["ok"]
        yield door, call, one, two


async def offer(console: Session, call: str, **more: bool) -> str:
    """Offer as a console does; return the code of the refusal, empty when there was none."""
    ack = await console.call("/staff", "media.offer", {"call": call, "part": "console", "sdp": "v=0", **more}, 7)
    return "" if ack["ok"] else str(ack["error"]["code"])


async def test_only_the_console_that_answered_may_offer() -> None:
    async with answered() as (_, call, one, two):
        assert await offer(two, call) == "elsewhere"
        assert await offer(one, call) == ""


async def test_answering_twice_does_not_move_the_media() -> None:
    async with answered() as (_, call, one, two):
        assert (await two.call("/staff", "call.answer", {"call": call}))["ok"]
        assert await offer(two, call) == "elsewhere"
        assert await offer(one, call) == ""


async def test_a_console_that_takes_over_has_them_and_the_other_is_told() -> None:
    async with answered() as (_, call, one, two):
        assert await offer(one, call) == ""
        assert await offer(two, call, take_over=True) == ""
        assert [told["error"]["code"] for told in one.events("media.refused")] == ["elsewhere"]
        assert two.events("media.refused") == []
        assert await offer(one, call) == "elsewhere"
        assert await offer(two, call) == ""


async def test_when_the_holder_is_gone_anybody_of_the_person_may_offer() -> None:
    async with answered() as (_, call, one, two):
        await one.close()
        assert await offer(two, call) == ""


async def test_the_answer_goes_to_the_console_that_offered_alone() -> None:
    async with front_door() as door:
        one, two = await door.console(), await door.console()
        outbox = SocketOutbox(door.server)
        pump = asyncio.create_task(outbox.run())
        sid = next(guest.sid for guest in door.signaling.staff._guests.values() if guest.link == one.sid)
        outbox.staff_answer(S1, CallId("c1"), "console", ANSWER, sid)
        outbox.staff_refused(S1, CallId("c1"), "console", "bad_offer", False, sid)
        outbox.staff_refused(S1, CallId("c2"), "console", "worker_lost", True)
        await outbox._queue.join()
        pump.cancel()
        assert [len(console.events("media.answer")) for console in (one, two)] == [1, 0]
        assert [[told["call"] for told in console.events("media.refused")] for console in (one, two)] == [
            ["c1", "c2"],
            ["c2"],
        ]
