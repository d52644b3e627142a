"""What both sides see of a recording that stalls or is suspended, and what the worker is told."""

import asyncio
from dataclasses import replace

from tests.fakes.desk_house import K1, S1, house
from vwindow.calls.events import StaffResumed, StaffSuspended, VisitorHungUp, VisitorResumed, VisitorSuspended
from vwindow.desk.media import SUSPEND_AGAIN_SECONDS
from vwindow.desk.ports import HeldRoom
from vwindow.errors import Unavailable
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


async def test_a_suspension_reaches_the_worker_and_both_pages() -> None:
    async with house() as h:
        call = await h.talking()
        h.desk.recording_progress(RoomId(call), 1000, 1000, False)
        await h.desk.submit(VisitorSuspended(h.clock.now(), call, K1))
        shown, mine = h.outbox.kiosk_calls[K1], h.outbox.staff_mirrors[S1].call
        assert mine is not None and shown.suspended_by == mine.suspended_by == ("kiosk",)
        assert shown.recording == mine.recording == "writing", "not said before the worker says so"
        await h.desk.submit(StaffSuspended(h.clock.now(), call, S1))
        await h.desk.settled()
        h.desk.recording_progress(RoomId(call), 1100, 0, False, True)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].recording == h.outbox.staff_calls[S1].recording == "paused"
        await h.desk.submit(VisitorResumed(h.clock.now(), call, K1))
        await h.desk.submit(StaffResumed(h.clock.now(), call, S1))
        await h.desk.settled()
        asked = [name for what, name in h.rooms.log if what == "suspend"]
        assert asked[0] == "kiosk" and asked[-1] == "" and set(asked) <= {"kiosk", "kiosk+staff", "staff", ""}
        kept = [
            (kind, detail)
            for _, kind, detail in h.ledger.events
            if kind in ("recording_suspended", "recording_resumed")
        ]
        assert [(kind.removeprefix("recording_"), detail["by"]) for kind, detail in kept] == [
            ("suspended", "kiosk"), ("suspended", "staff"), ("resumed", "kiosk"), ("resumed", "staff"),
        ]  # fmt: skip


async def test_a_reminder_reaches_the_console_alone() -> None:
    async with house() as h:
        call = await h.talking()
        await h.desk.submit(VisitorSuspended(h.clock.now(), call, K1))
        h.later.advance(181)
        await h.desk.settled()
        assert h.outbox.staff_calls[S1].suspended_long


async def test_a_worker_that_is_not_reached_is_told_when_it_is() -> None:
    async with house() as h:
        call = await h.talking()
        h.rooms.broken["suspend"] = Unavailable("worker_lost")
        await h.desk.submit(VisitorSuspended(h.clock.now(), call, K1))
        for _ in range(3):
            await turns()
            h.later.advance(SUSPEND_AGAIN_SECONDS)
        tries = [name for what, name in h.rooms.log if what == "suspend"]
        assert len(tries) >= 2 and set(tries) == {"kiosk"}
        del h.rooms.broken["suspend"]
        h.later.advance(SUSPEND_AGAIN_SECONDS)
        await h.desk.settled()
        tries = [name for what, name in h.rooms.log if what == "suspend"]
        h.later.advance(10 * SUSPEND_AGAIN_SECONDS)
        await h.desk.settled()
        assert [name for what, name in h.rooms.log if what == "suspend"] == tries, "said once, and then no more"


async def test_a_call_that_ends_while_its_worker_is_not_reached_is_over() -> None:
    async with house() as h:
        call = await h.talking()
        h.rooms.broken["suspend"] = Unavailable("worker_lost")
        await h.desk.submit(VisitorSuspended(h.clock.now(), call, K1))
        await turns()
        await h.desk.submit(VisitorHungUp(h.clock.now(), call, K1))
        h.later.advance(SUSPEND_AGAIN_SECONDS)
        await h.desk.settled()
        assert h.rooms.log[-1] == ("close", call)


async def test_what_is_suspended_before_the_room_is_open_is_recorded_from_the_beginning_as_such() -> None:
    async with house() as h:
        h.rooms.gate = asyncio.Event()
        call = await h.answered()
        await h.desk.submit(StaffSuspended(h.clock.now(), call, S1))
        h.rooms.gate.set()
        await h.desk.settled()
        assert ("record", f"r-{call}+staff") in h.rooms.log


async def test_the_next_room_is_recorded_suspended_and_one_that_let_go_meanwhile_is_not() -> None:
    async with house() as h:
        call = await h.talking()
        await h.desk.submit(StaffSuspended(h.clock.now(), call, S1))
        await h.desk.settled()
        h.desk.rooms_lost([RoomId(call)])
        await h.desk.settled()
        assert h.rooms.log[-1] == ("record", f"r-{call}+staff")
        h.rooms.gate = asyncio.Event()
        h.desk.rooms_lost([RoomId(call)])
        await h.desk.submit(StaffResumed(h.clock.now(), call, S1))
        h.rooms.gate.set()
        await h.desk.settled()
        assert ("record", f"r-{call}") in h.rooms.log[-2:] and ("suspend", "staff") not in h.rooms.log[-2:]


async def test_a_server_that_comes_back_finds_it_suspended() -> None:
    async with house() as h:
        call = await h.talking()
        await h.desk.settled()
        record = replace(h.ledger.calls[call])
    async with house() as h:
        h.ledger.calls[call] = record
        h.ledger.left_open = [record]
        held = HeldRoom(1, frozenset({"page", "agent", "console"}), ("staff",))
        assert (await h.desk.recover({RoomId(call): held})).kept == {call}
        await h.desk.settled()
        await h.desk.staff_connected(S1)
        mine = h.outbox.staff_mirrors[S1].call
        assert mine is not None and mine.suspended_by == ("staff",)
        assert h.rooms.log[-1] == ("record", f"r-{call}+staff")
        await h.desk.submit(StaffResumed(h.clock.now(), call, S1))
        await h.desk.settled()
        assert h.rooms.log[-1] == ("suspend", "")


async def turns() -> None:
    """Let what can go on go on; a lane that tries again never settles."""
    for _ in range(20):
        await asyncio.sleep(0)
