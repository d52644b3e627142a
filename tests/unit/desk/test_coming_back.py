"""A start shortly after calls have ended: who was about to rate one, or to note its outcome, still can."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.desk_house import K1, S1, House, house
from vwindow.calls.events import CallClosed, Rated
from vwindow.desk.ports import EndedCall, HeldRoom
from vwindow.errors import Refused
from vwindow.ids import CallId, RoomId

DONE = ("closed", "wrap_up_over")


async def ended_by(end: Callable[[House, CallId], Awaitable[None]]) -> EndedCall:
    """Return what the ledger keeps of a call that ended in an earlier run."""
    async with house() as h:
        call = await h.talking()
        await end(h, call)
        await h.desk.settled()
        kinds = {kind for named, kind, _ in h.ledger.events if named == call}
        return EndedCall(h.ledger.calls[call], call in h.ledger.ratings, *(kind in kinds for kind in DONE))


async def hung_up(h: House, call: CallId) -> None:
    await h.hang_up(call)


async def closing(h: House, call: CallId) -> None:
    await h.desk.drain()


async def everything(h: House, call: CallId) -> None:
    await h.hang_up(call)
    await h.desk.submit(Rated(h.clock.now(), call, K1, 4))
    await h.desk.submit(CallClosed(h.clock.now(), call, K1))
    await h.desk.settled()
    h.later.advance(121)


async def come_back(h: House, *ended: EndedCall) -> None:
    h.ledger.ended = list(ended)
    h.ledger.calls.update({one.record.call: one.record for one in ended})
    await h.desk.recover({})
    await h.desk.kiosk_connected(K1)
    await h.desk.staff_connected(S1)


@pytest.mark.parametrize(("end", "reason"), [(hung_up, "visitor_hung_up"), (closing, "closing")])
async def test_both_sides_go_on_with_what_follows_a_call(
    end: Callable[[House, CallId], Awaitable[None]], reason: str
) -> None:
    ended = await ended_by(end)
    call = ended.record.call
    async with house() as h:
        await come_back(h, ended)
        shown, mine = h.outbox.kiosk_mirrors[K1].call, h.outbox.staff_mirrors[S1]
        assert shown is not None and (shown.phase, shown.reason) == ("ended", reason)
        assert (shown.answered_at, shown.ended_at) == (ended.record.answered_at, ended.record.ended_at)
        assert mine.state == "wrap_up" and mine.call is not None and mine.call.wrap_up
        await h.desk.submit(Rated(h.clock.now(), call, K1, 5))
        await h.note(call)
        await h.desk.settled()
        assert h.ledger.ratings == {call: 5}
        assert h.ledger.calls[call] == replace(ended.record, outcome="answered", note="完成")


async def test_what_was_done_is_not_asked_for_again() -> None:
    ended = await ended_by(everything)
    assert ended == EndedCall(ended.record, rated=True, closed=True, wrap_up_over=True)
    async with house() as h:
        await come_back(h, ended)
        assert h.outbox.kiosk_mirrors[K1].call is None and h.outbox.staff_mirrors[S1].state == "off"
    async with house() as h:
        await come_back(h, replace(ended, closed=False))
        assert h.outbox.kiosk_mirrors[K1].call is not None and h.outbox.staff_mirrors[S1].state == "off"
        with pytest.raises(Refused, match="already_rated"):
            await h.desk.submit(Rated(h.clock.now(), ended.record.call, K1, 1))
    async with house() as h:
        await come_back(h, replace(ended, wrap_up_over=False))
        assert h.outbox.kiosk_mirrors[K1].call is None and h.outbox.staff_mirrors[S1].state == "wrap_up"
        await h.note(ended.record.call)
        assert h.outbox.staff_mirrors[S1].state == "ready" and h.desk.live() == dict.fromkeys(h.desk.live(), 0)


async def test_the_page_stays_for_the_rest_of_its_time() -> None:
    ended = await ended_by(hung_up)
    async with house() as h:
        h.clock.advance(290)
        await come_back(h, ended)
        assert h.outbox.kiosk_mirrors[K1].call is not None
        h.later.advance(11)
        await h.desk.settled()
        assert h.outbox.kiosk_mirrors[K1].call is None
    async with house() as h:
        h.clock.advance(301)
        await come_back(h, ended)
        assert h.outbox.kiosk_mirrors[K1].call is None


async def test_of_two_calls_of_a_kiosk_the_newer_one_has_the_page() -> None:
    first = await ended_by(hung_up)
    later = first.record.asked_at + timedelta(seconds=5)
    second = EndedCall(
        replace(first.record, call=CallId("newer"), request="q9", asked_at=later, staff=None, answered_at=None)
    )
    async with house() as h:
        await come_back(h, first, second)
        shown, mine = h.outbox.kiosk_mirrors[K1].call, h.outbox.staff_mirrors[S1]
        assert shown is not None and shown.call == "newer"
        assert mine.call is not None and mine.call.call == first.record.call
    async with house() as h:
        await come_back(h, first, replace(second, closed=True))
        assert h.outbox.kiosk_mirrors[K1].call is None


async def test_a_call_that_goes_on_comes_before_an_outcome_that_is_missing() -> None:
    first = await ended_by(hung_up)
    open_call = replace(first.record, call=CallId("open"), request="q9", phase="talking", ended_at=None, reason=None)
    async with house() as h:
        h.ledger.calls[open_call.call] = open_call
        h.ledger.left_open = [open_call]
        h.ledger.ended = [first]
        found = await h.desk.recover({RoomId("open"): HeldRoom(1, frozenset({"page", "agent", "console"}))})
        assert found.kept == {"open"}
        await h.desk.staff_connected(S1)
        assert h.outbox.staff_mirrors[S1].state == "busy"
