"""A call whose media worker was lost, and a call that a new server finds going on."""

from dataclasses import replace

import pytest

from tests.fakes.desk_floor import START, Stage
from vwindow.calls.call import Phase
from vwindow.calls.effects import (
    AdoptRoom,
    CloseRoom,
    OpenRoom,
    ReopenRoom,
    StartRecording,
    TellKiosk,
    TellStaff,
)
from vwindow.calls.events import (
    CallResumed,
    KioskConnected,
    MediaUp,
    RecordingFailed,
    RecordingWrote,
    RoomLost,
    StaffConnected,
    VisitorHungUp,
)
from vwindow.calls.facts import ItemRule, StaffAbility
from vwindow.ids import CallId, KioskId, StaffId

K1, S1 = KioskId("k1"), StaffId("s1")


def test_a_lost_room_is_opened_again_and_recorded_on() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(RecordingWrote(stage.now, call, 1000, 10))
    effects = stage.apply(RoomLost(stage.now, call))
    assert stage.phase(call) is Phase.CONNECTING and stage.call(call).media_number == 2
    assert effects.index(ReopenRoom(call, 2)) < effects.index(StartRecording(call))
    assert {TellKiosk(K1, call), TellStaff(S1)} <= set(effects) and CloseRoom(call) not in effects
    assert stage.state("s1") == "busy"
    stage.apply(MediaUp(stage.now, call, "staff"))
    assert stage.phase(call) is Phase.CONNECTING
    stage.apply(MediaUp(stage.now, call, "kiosk"))
    assert stage.phase(call) is Phase.TALKING and not list(stage.running())
    light = stage.call(call).recording
    assert (light.state, light.bytes_total) == ("starting", 1000)
    stage.apply(RecordingWrote(stage.now, call, 5, 5))
    assert (light.state, light.bytes_total) == ("writing", 1005)
    assert CloseRoom(call) in stage.apply(VisitorHungUp(stage.now, call, K1))


def test_a_recording_that_failed_is_tried_again_in_the_next_room() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(RecordingFailed(stage.now, call))
    assert StartRecording(call) in stage.apply(RoomLost(stage.now, call))


def test_three_rooms_lost_in_a_row_end_the_call() -> None:
    stage = Stage()
    call = stage.talking()
    for _ in range(2):
        stage.apply(RoomLost(stage.now, call))
        stage.advance(10)
    effects = stage.apply(RoomLost(stage.now, call))
    assert stage.call(call).reason == "worker_lost" and CloseRoom(call) in effects


def test_rooms_lost_now_and_then_do_not() -> None:
    stage = Stage()
    call = stage.talking()
    for number in range(2, 8):
        stage.apply(RoomLost(stage.now, call))
        for side in ("kiosk", "staff"):
            stage.apply(MediaUp(stage.now, call, side))  # type: ignore[arg-type]
        assert stage.call(call).media_number == number
        stage.advance(16)
    assert stage.phase(call) is Phase.TALKING


def test_media_that_do_not_come_back_end_the_call() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(RoomLost(stage.now, call))
    stage.advance(20)
    assert stage.call(call).reason == "worker_lost"


def found(*, talking: bool = True) -> CallResumed:
    return CallResumed(
        START, CallId("c"), K1, "q", "hefei", 1, "accepted", START, START, S1, ItemRule("company"),
        StaffAbility("A", frozenset({("*", "*")})), 2, talking,
    )  # fmt: skip


def test_a_call_goes_on_after_a_restart() -> None:
    stage = Stage()
    effects = stage.apply(found())
    call = CallId("c")
    assert effects.index(AdoptRoom(call)) < effects.index(StartRecording(call))
    assert OpenRoom(call) not in effects
    assert stage.phase(call) is Phase.TALKING and stage.state("s1") == "busy"
    assert sorted(stage.running()) == ["KioskStayedAway", "StaffStayedAway"]
    stage.advance(10)
    stage.apply(KioskConnected(stage.now, K1))
    stage.apply(StaffConnected(stage.now, S1, StaffAbility()))
    assert not list(stage.running())
    assert ReopenRoom(call, 3) in stage.apply(RoomLost(stage.now, call))


@pytest.mark.parametrize(("back", "reason"), [(True, "staff_lost"), (False, "kiosk_lost")])
def test_who_does_not_come_back_ends_it(back: bool, reason: str) -> None:
    stage = Stage()
    stage.apply(found())
    if back:
        stage.apply(KioskConnected(stage.now, K1))
    stage.advance(15)
    assert stage.call(CallId("c")).reason == reason


def test_one_that_was_not_up_must_come_up() -> None:
    stage = Stage()
    stage.apply(found(talking=False))
    stage.apply(KioskConnected(stage.now, K1))
    stage.apply(StaffConnected(stage.now, S1, StaffAbility()))
    stage.advance(20)
    assert stage.call(CallId("c")).reason == "worker_lost"


def test_people_who_have_another_call_keep_it() -> None:
    stage = Stage()
    call = stage.talking()
    assert stage.apply(found()) == []
    other = replace(found(), staff=StaffId("s2"))
    assert stage.apply(other) == []
    assert stage.phase(call) is Phase.TALKING and stage.floor.call(CallId("c")) is None
