"""What the desk does when links, the worker, the ledger or its own mailbox fail."""

import asyncio

import pytest

from tests.fakes.desk_house import K1, K2, S1, S2, House, house
from vwindow.calls.events import CallbackLeft, StaffAnswered, VisitorHungUp
from vwindow.desk.ports import RoomAnswer
from vwindow.desk.settings import DeskSettings
from vwindow.errors import Refused, Unavailable
from vwindow.ids import CallId, RoomId


async def run_until(h: House, what: str) -> None:
    """Wait until the outbox was told something of this kind."""
    async with asyncio.timeout(2):
        while what not in {kind for kind, _ in h.outbox.log}:
            h.outbox.told.clear()
            await h.outbox.told.wait()


async def test_offers_are_answered_once_the_room_is_open() -> None:
    async with house() as h:
        h.rooms.gate = asyncio.Event()
        call = await h.answered()
        await h.desk.offer_from_kiosk(K1, call, "page", "p")
        await h.desk.offer_from_kiosk(K1, call, "agent", "a")
        await h.desk.offer_from_staff(S1, call, "c")
        assert not h.outbox.answers
        h.rooms.gate.set()
        await run_until(h, "staff_answer")
        assert {part: answer.sdp for part, answer in h.outbox.answers.items()} == {
            "page": "answer to p",
            "agent": "answer to a",
            "console": "answer to c",
        }


async def test_offers_of_others_and_at_other_times_are_refused() -> None:
    async with house() as h:
        await h.ready()
        call = await h.ask()
        for refused, offer in [
            ("not_now", h.desk.offer_from_kiosk(K1, call, "page", "x")),
            ("not_your_call", h.desk.offer_from_kiosk(K2, call, "page", "x")),
            ("not_your_call", h.desk.offer_from_staff(S2, call, "x")),
            ("call_unknown", h.desk.offer_from_staff(S1, CallId("zzz"), "x")),
        ]:
            with pytest.raises(Refused, match=refused):
                await offer


async def test_a_bad_offer_is_told_and_the_call_goes_on() -> None:
    async with house() as h:
        call = await h.answered()
        h.rooms.broken["answer"] = Refused("offer_without_audio")
        await h.desk.offer_from_kiosk(K1, call, "page", "x")
        await run_until(h, "kiosk_refused")
        assert h.outbox.refusals == [(K1, "page", "offer_without_audio", False)]
        h.rooms.broken["answer"] = ValueError("surprise")
        await h.desk.offer_from_staff(S1, call, "x")
        await run_until(h, "staff_refused")
        assert h.outbox.refusals[-1] == (S1, "console", "broken", False)
        assert h.outbox.kiosk_calls[K1].phase == "connecting"


async def test_a_newer_offer_makes_the_older_answer_void() -> None:
    async with house(DeskSettings(offers_at_once=2)) as h:
        call = await h.answered()
        await h.desk.settled()
        old: asyncio.Future[RoomAnswer] = asyncio.get_running_loop().create_future()
        h.rooms.answers["old"] = old
        await h.desk.offer_from_kiosk(K1, call, "page", "old")
        await h.desk.offer_from_kiosk(K1, call, "page", "new")
        with pytest.raises(Unavailable, match="too_many_offers"):
            await h.desk.offer_from_kiosk(K1, call, "page", "more")
        await run_until(h, "kiosk_answer")
        old.set_result(RoomAnswer("late", ()))
        await h.desk.offer_from_staff(S1, call, "c")
        await run_until(h, "staff_answer")
        assert h.outbox.answers["page"].sdp == "answer to new"


async def test_a_room_that_can_never_be_opened_ends_the_call() -> None:
    async with house() as h:
        h.rooms.broken["open"] = Unavailable("worker_lost")
        h.rooms.broken["close"] = Unavailable("worker_lost")
        call = await h.answered()
        await h.desk.offer_from_staff(S1, call, "c")
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].reason == "worker_lost"
        assert h.rooms.log.count(("open", call)) == 3 and not h.ledger.recordings
        assert not h.outbox.refusals, "an offer for a room that was lost is void: the page is told of a new one"


async def test_a_lost_worker_leaves_its_calls_to_another_one() -> None:
    async with house() as h:
        call = await h.talking()
        h.rooms.log.clear()
        h.desk.rooms_lost([RoomId(call), RoomId("other")])
        await h.desk.settled()
        assert h.rooms.log == [("open", call), ("record", f"r-{call}")]
        assert h.rooms.orders[-1].path.endswith(f"r-{call}-2.journal")
        kiosk, staff = h.outbox.kiosk_calls[K1], h.outbox.staff_mirrors[S1].call
        assert staff is not None
        assert (kiosk.phase, kiosk.media, staff.phase, staff.media) == ("connecting", 2, "connecting", 2)
        await h.desk.offer_from_kiosk(K1, call, "page", "p2")
        for part in ("page", "agent", "console"):
            h.desk.peer_changed(RoomId(call), part, "up")  # type: ignore[arg-type]
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].phase == "talking"
        await h.hang_up(call)
        await h.desk.settled()
        assert h.rooms.log[-1] == ("close", call) and set(h.ledger.recordings.values()) == {"finishing"}


async def test_an_offer_under_way_when_the_room_is_lost_is_void() -> None:
    async with house() as h:
        call = await h.talking()
        old = h.rooms.answers["old"] = asyncio.get_running_loop().create_future()
        await h.desk.offer_from_kiosk(K1, call, "page", "old")
        await asyncio.sleep(0)
        h.desk.rooms_lost([RoomId(call)])
        await h.desk.settled()
        old.set_exception(Unavailable("worker_lost"))
        await h.desk.offer_from_kiosk(K1, call, "page", "new")
        await run_until(h, "kiosk_answer")
        assert h.outbox.answers["page"].sdp == "answer to new" and not h.outbox.refusals


async def test_media_lost_for_good_end_the_call_silence_does_not() -> None:
    async with house() as h:
        call = await h.talking()
        h.desk.peer_changed(RoomId(call), "agent", "silent")
        h.desk.peer_changed(RoomId(call), "agent", "back")
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].phase == "talking"
        h.desk.peer_changed(RoomId(call), "agent", "gone")
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].reason == "media_lost"
        h.desk.peer_changed(RoomId(call), "agent", "up")
        await h.desk.settled()


async def test_a_side_is_up_when_all_its_connections_are() -> None:
    async with house() as h:
        call = await h.answered()
        h.desk.peer_changed(RoomId(call), "console", "up")
        h.desk.peer_changed(RoomId(call), "page", "up")
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].phase == "connecting"
        h.desk.peer_changed(RoomId(call), "agent", "up")
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].phase == "talking"


async def test_a_recording_that_cannot_start_is_shown_and_the_call_goes_on() -> None:
    async with house() as h:
        h.rooms.broken["record"] = Unavailable("no_disk")
        await h.talking()
        assert h.outbox.staff_calls[S1].recording == "stalled"
        assert h.outbox.kiosk_calls[K1].phase == "talking"


async def test_writes_are_tried_again_in_order() -> None:
    async with house() as h:
        h.ledger.failures = 2
        await h.ready()
        call = await h.ask()
        h.later.advance(0.1)
        await h.desk.submit(StaffAnswered(h.clock.now(), call, S1))
        for _ in range(40):
            await asyncio.sleep(0)
            h.later.advance(0.1)
        await h.desk.settled()
        assert h.ledger.calls[call].phase == "connecting"
        assert h.ledger.events[0][1] == "rung"


async def test_nothing_that_was_accepted_is_lost_while_the_disk_is_full() -> None:
    async with house() as h:
        h.ledger.failures = 1_000_000
        call = await h.ask()
        await h.desk.submit(CallbackLeft(h.clock.now(), call, K1, "王小明", "021-5555555"))
        for _ in range(240):
            await turns()
            h.later.advance(0.5)
        assert h.desk.stuck_writes == 1 and not h.ledger.calls
        h.ledger.failures = 0
        for _ in range(40):
            await turns()
            h.later.advance(1)
        await h.desk.settled()
        assert h.ledger.calls[call].phase == "ended"
        assert h.ledger.callbacks == {call: ("王小明", "021-5555555")}
        assert h.desk.stuck_writes == 0


async def test_a_write_that_can_never_succeed_is_given_up() -> None:
    async with house(DeskSettings(write_pauses=())) as h:
        h.ledger.failures, h.ledger.failure = 1, ValueError("nonsense")
        call = await h.ask()
        await h.desk.settled()
        assert call not in h.ledger.calls and h.desk.stuck_writes == 0
        await h.hang_up(call)
        await h.desk.settled()
        assert h.ledger.calls[call].reason == "visitor_left"


async def turns() -> None:
    """Let the tasks run that can."""
    for _ in range(12):
        await asyncio.sleep(0)


async def test_a_kiosk_lost_while_the_register_was_asked_is_not_here() -> None:
    async with house() as h:
        h.register.gate = asyncio.Event()
        coming = asyncio.create_task(h.desk.kiosk_connected(K1))
        await asyncio.sleep(0)
        await h.desk.kiosk_lost(K1)
        h.register.gate.set()
        await coming
        with pytest.raises(Refused, match="kiosk_unknown"):
            await h.desk.ask(K1, "q", "hefei", 1, "accepted")


async def test_grace_times_of_kiosk_and_console() -> None:
    async with house() as h:
        await h.talking()
        await h.desk.kiosk_lost(K1)
        await h.desk.settled()
        h.later.advance(14)
        await h.desk.kiosk_connected(K1)
        h.later.advance(14)
        await h.desk.settled()
        assert h.outbox.kiosk_mirrors[K1].call is not None
        assert h.outbox.kiosk_mirrors[K1].call.phase == "talking"
        await h.desk.staff_lost(S1)
        await h.desk.settled()
        h.later.advance(15)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].reason == "staff_lost"
        await h.desk.staff_connected(S1)
        assert h.outbox.staff_mirrors[S1].state == "wrap_up"
        h.later.advance(120)
        await h.desk.settled()
        assert h.outbox.staff_mirrors[S1].state == "off"


async def test_a_full_mailbox_refuses_people_and_keeps_the_rest() -> None:
    async with house(DeskSettings(mailbox_size=8)) as h:
        call = await h.ask()
        for _ in range(20):
            h.desk.recording_failed(RoomId("none"), "test")
        with pytest.raises(Unavailable, match="desk_busy"):
            await h.hang_up(call)
        h.desk.post(VisitorHungUp(h.clock.now(), call, K1))
        await h.desk.settled()
        h.later.advance(0.1)
        await h.desk.settled()
        h.later.advance(0.1)
        await h.desk.settled()
        assert h.outbox.kiosk_calls[K1].reason == "visitor_left"


async def test_a_closed_desk_says_so() -> None:
    h = House()
    h.desk.start()
    await h.desk.kiosk_connected(K1)
    await h.desk.close()
    with pytest.raises(Unavailable, match="closing"):
        await h.desk.ask(K1, "q", "hefei", 1, "accepted")
    h.desk.rooms_lost([RoomId("x")])
    assert h.later.waiting == 0
