"""Who sees what of past calls: the whole matrix of roles and scopes."""

from datetime import datetime
from itertools import product
from typing import get_args

import pytest

from tests.fakes.store_house import HEFEI, SONGJIANG, XINQIAO, StoreHouse
from vwindow.access import CallPlaces, Role, Scope, Sight, Viewer, plays_recording, sees_rating, sight
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, RecordingId, StaffId

ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)
PLACES = {"songjiang": SONGJIANG, "xinqiao": XINQIAO, "hefei": HEFEI}


def viewer(role: Role, scope: Scope, centre: CentreId, staff: str = "s-viewer") -> Viewer:
    return Viewer(StaffId(staff), role, scope, centre, "hefei" if centre == HEFEI else "songjiang")


def in_scope(who: Viewer, centre: CentreId | None, city: str) -> bool:
    return who.scope == "all" or (who.scope == "city" and city == who.city) or centre == who.centre


def test_the_matrix_of_roles_and_scopes() -> None:
    answered = CallPlaces(StaffId("s-other"), HEFEI, "hefei", SONGJIANG, "songjiang")
    for role, scope, centre in product(ROLES, SCOPES, PLACES.values()):
        who = viewer(role, scope, centre)
        mine, kiosk = in_scope(who, HEFEI, "hefei"), in_scope(who, SONGJIANG, "songjiang")
        expected = Sight.NOTHING
        if role == "supervisor":
            expected = Sight.FULL if mine else Sight.OUTLINE if kiosk else Sight.NOTHING
        elif role == "evaluator" and (mine or kiosk):
            expected = Sight.MASKED
        assert sight(who, answered) is expected, who
        assert sees_rating(who, answered) is (expected is not Sight.NOTHING)
        assert plays_recording(who, answered) is (expected is Sight.FULL)


def test_nobody_sees_the_grade_of_their_own_call() -> None:
    for role, scope, centre in product(ROLES, SCOPES, PLACES.values()):
        who = viewer(role, scope, centre)
        own = CallPlaces(who.staff, HEFEI, "hefei", SONGJIANG, "songjiang")
        assert not sees_rating(who, own)


async def fill(house: StoreHouse) -> RecordingId:
    """Make a call answered in Hefei with everything on it, one answered in Songjiang, one that nobody answered."""
    await house.ledger.save_call(house.record("c-1"))
    await house.ledger.save_rating(CallId("c-1"), 2, house.now)
    order = await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now)
    await house.person("sj.staff", SONGJIANG)
    house.clock.advance(100)
    await house.ledger.save_call(house.record("c-2", centre=SONGJIANG, staff=house.staff["sj.staff"], city="songjiang"))
    house.clock.advance(100)
    await house.ledger.save_call(house.record("c-3", centre=None, staff=None, answered_at=None, outcome=None, note=""))
    await house.ledger.save_call(house.record("c-4", ended_at=None, phase="talking"))
    return order.recording


async def test_rows_chosen_in_sql_are_those_that_the_rules_show(house: StoreHouse) -> None:
    await fill(house)
    places = {
        "c-1": CallPlaces(house.staff["hefei.staff"], HEFEI, "hefei", SONGJIANG, "songjiang"),
        "c-2": CallPlaces(house.staff["sj.staff"], SONGJIANG, "songjiang", SONGJIANG, "songjiang"),
        "c-3": CallPlaces(None, None, "hefei", SONGJIANG, "songjiang"),
    }
    people = ["s-viewer", house.staff["hefei.staff"]]
    for role, scope, centre, staff in product(ROLES, SCOPES, PLACES.values(), people):
        who = viewer(role, scope, centre, staff)
        expected = {call: sight(who, place).value for call, place in places.items()}
        if role in ("technician", "admin"):
            with pytest.raises(Refused):
                await house.reading.calls(who)
            continue
        seen = {call.call: call.sight for call in await house.reading.calls(who)}
        assert seen == {call: how for call, how in expected.items() if how != "nothing"}, who


async def test_what_each_sight_holds(house: StoreHouse) -> None:
    await fill(house)

    async def first(who: Viewer) -> tuple[object, ...]:
        call = next(call for call in await house.reading.calls(who) if call.call == "c-1")
        return call.staff, call.staff_name, call.note, call.rating, call.recording.state, call.outcome

    staff = house.staff["hefei.staff"]
    whole = (staff, "王hefei.staff", "the note")
    assert await first(viewer("supervisor", "centre", HEFEI)) == (*whole, 2, "writing", "answered")
    assert await first(viewer("staff", "centre", HEFEI, staff)) == (*whole, None, "writing", "answered")
    assert await first(viewer("supervisor", "centre", SONGJIANG)) == ("", "", "", 2, "none", "answered")
    assert await first(viewer("evaluator", "all", SONGJIANG)) == ("", "王***", "", 2, "none", "answered")


async def test_pages_of_calls_follow_each_other(house: StoreHouse) -> None:
    for number in range(7):
        await house.ledger.save_call(house.record(f"c-{number}"))
        house.clock.advance(0.001)
    who = viewer("supervisor", "all", HEFEI)
    seen: list[str] = []
    before: datetime | None = None
    while page := await house.reading.calls(who, limit=3, before=before):
        seen += [call.call for call in page]
        before = page[-1].asked_at
    assert seen == [f"c-{number}" for number in reversed(range(7))]


async def test_a_recording_hides_from_those_who_may_not_play_it(house: StoreHouse) -> None:
    recording = await fill(house)
    staff = house.staff["hefei.staff"]
    for who in (viewer("supervisor", "city", HEFEI), viewer("staff", "centre", HEFEI, staff)):
        assert (await house.reading.recording(who, recording)).call == "c-1"
    for who in (
        viewer("supervisor", "city", SONGJIANG),
        viewer("staff", "centre", HEFEI),
        viewer("admin", "all", HEFEI),
    ):
        with pytest.raises(Refused) as caught:
            await house.reading.recording(who, recording)
        assert caught.value.code == "unknown_recording"


async def test_call_backs_are_for_the_asked_city(house: StoreHouse) -> None:
    await fill(house)
    await house.ledger.save_callback(CallId("c-3"), "张三", "13900001234", house.now)
    near, far = viewer("staff", "centre", SONGJIANG), viewer("staff", "centre", HEFEI)
    assert [row.call for row in await house.callbacks.listed(far)] == ["c-3"]
    assert await house.callbacks.listed(near) == []
    with pytest.raises(Refused):
        await house.callbacks.revealed(near, CallId("c-3"), house.now)
    with pytest.raises(Refused):
        await house.callbacks.listed(viewer("evaluator", "all", HEFEI))
    assert await house.view_log.head() == 0
