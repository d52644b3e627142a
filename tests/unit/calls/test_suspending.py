"""Suspend for secrets: who may, who lets go, and what it outlives."""

from typing import Any

import pytest

from tests.fakes.desk_floor import START, Stage
from vwindow.calls.effects import (
    Effect,
    ResumeRecording,
    StartRecording,
    SuspendRecording,
    TellKiosk,
    TellStaff,
    TellStaffCall,
)
from vwindow.calls.events import (
    CallResumed,
    RecordingPaused,
    RecordingStalled,
    RecordingWrote,
    RoomLost,
    Side,
    StaffAnswered,
    StaffResumed,
    StaffSuspended,
    VisitorHungUp,
    VisitorResumed,
    VisitorSuspended,
)
from vwindow.calls.facts import CallRules, ItemRule, StaffAbility
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId

K1, S1 = KioskId("k1"), StaffId("s1")
MAKERS: dict[tuple[str, str], Any] = {
    ("kiosk", "suspend"): lambda stage, call: VisitorSuspended(stage.now, call, K1),
    ("kiosk", "resume"): lambda stage, call: VisitorResumed(stage.now, call, K1),
    ("staff", "suspend"): lambda stage, call: StaffSuspended(stage.now, call, S1),
    ("staff", "resume"): lambda stage, call: StaffResumed(stage.now, call, S1),
}


def say(stage: Stage, call: CallId, side: str, what: str) -> list[Effect]:
    return stage.apply(MAKERS[side, what](stage, call))


def orders(effects: list[Effect]) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, SuspendRecording | ResumeRecording)]


@pytest.mark.parametrize(
    ("steps", "held", "last"),
    [
        ("K+", ("kiosk",), "suspend"),
        ("K+ K+", ("kiosk",), None),
        ("K+ K-", (), "resume"),
        ("K+ K- K-", (), None),
        ("K+ S+", ("kiosk", "staff"), "suspend"),
        ("K+ S+ K-", ("staff",), "suspend"),
        ("K+ S+ S-", ("kiosk",), "suspend"),
        ("K+ S+ K- S-", (), "resume"),
        ("K+ S-", ("kiosk",), "refused"),
        ("S+ K-", ("staff",), "refused"),
        ("S-", (), None),
    ],
)
def test_each_side_holds_by_itself(steps: str, held: tuple[Side, ...], last: str | None) -> None:
    stage = Stage()
    call = stage.talking()
    for step in steps.split():
        side, what = ("kiosk" if step[0] == "K" else "staff"), ("suspend" if step[1] == "+" else "resume")
        if last == "refused" and step == steps.split()[-1]:
            with pytest.raises(Refused, match="suspended_by_other"):
                say(stage, call, side, what)
        else:
            effects = say(stage, call, side, what)
    assert stage.call(call).recording.suspended_by == held
    if last == "suspend":
        assert orders(effects) == [SuspendRecording(call, held)]
    elif last == "resume":
        assert orders(effects) == [ResumeRecording(call)]
    elif last is None:
        assert effects == []


def test_both_are_told_at_once_and_it_is_kept_who_did() -> None:
    stage = Stage()
    call = stage.talking()
    assert {TellKiosk(K1, call), TellStaff(S1)} <= set(say(stage, call, "kiosk", "suspend"))
    assert {TellKiosk(K1, call), TellStaff(S1)} <= set(say(stage, call, "kiosk", "resume"))
    assert stage.saved("recording_suspended") == stage.saved("recording_resumed") == [{"by": "kiosk"}]


def test_the_light_is_paused_when_the_worker_says_so() -> None:
    stage = Stage()
    call = stage.talking()
    light = stage.call(call).recording
    stage.apply(RecordingWrote(stage.now, call, 1000, 10))
    say(stage, call, "staff", "suspend")
    assert light.state == "writing"
    effects = stage.apply(RecordingPaused(stage.now, call, 1100))
    assert (light.state, light.bytes_total, light.bytes_recent) == ("paused", 1100, 0)
    assert {TellKiosk(K1, call), TellStaffCall(S1, call)} <= set(effects)
    say(stage, call, "staff", "resume")
    assert light.state == "paused"
    stage.apply(RecordingWrote(stage.now, call, 1100, 100))
    assert light.state == "writing"
    assert stage.saved("recording_paused") and len(stage.saved("recording_writing")) == 2


def test_what_is_not_recorded_cannot_be_suspended() -> None:
    for stage, recording in ((Stage(), "declined"), (Stage(CallRules(recording_policy="off")), "accepted")):
        stage.staff("s1")
        call = stage.ask("k1", recording=recording)
        with pytest.raises(Refused, match="phase"):
            say(stage, call, "kiosk", "suspend")
        stage.apply(StaffAnswered(stage.now, call, S1))
        for side in ("kiosk", "staff"):
            with pytest.raises(Refused, match="not_recorded"):
                say(stage, call, side, "suspend")


def test_nobody_suspends_another_call() -> None:
    stage = Stage()
    call = stage.talking()
    stage.staff("s2")
    stage.kiosk("k2")
    for event in (VisitorSuspended(stage.now, call, KioskId("k2")), StaffSuspended(stage.now, call, StaffId("s2"))):
        with pytest.raises(Refused, match="not_your_call"):
            stage.apply(event)
    assert stage.call(call).recording.suspended_by == ()


def test_a_further_part_begins_suspended_and_a_stall_ends_no_suspension() -> None:
    stage = Stage()
    call = stage.talking()
    say(stage, call, "kiosk", "suspend")
    stage.apply(RecordingStalled(stage.now, call, 5))
    effects = stage.apply(RoomLost(stage.now, call))
    assert StartRecording(call) in effects
    assert stage.call(call).recording.suspended_by == ("kiosk",)
    stage.apply(RecordingPaused(stage.now, call, 0))
    assert stage.call(call).recording.state == "paused"


def test_the_staff_member_is_reminded_once_until_nobody_holds() -> None:
    stage = Stage(CallRules(suspended_long_seconds=180))
    call = stage.talking()
    say(stage, call, "kiosk", "suspend")
    stage.advance(100)
    say(stage, call, "staff", "suspend")
    assert TellStaffCall(S1, call) not in stage.advance(79)
    assert TellStaffCall(S1, call) in stage.advance(2), "counted from the first of both"
    assert stage.call(call).recording.suspended_long
    say(stage, call, "kiosk", "resume")
    assert stage.call(call).recording.suspended_long
    say(stage, call, "staff", "resume")
    assert not stage.call(call).recording.suspended_long and "SuspendedLong" not in stage.running()
    assert not stage.advance(400)


def test_the_end_of_the_call_ends_it() -> None:
    stage = Stage()
    call = stage.talking()
    say(stage, call, "staff", "suspend")
    stage.apply(VisitorHungUp(stage.now, call, K1))
    light = stage.call(call).recording
    assert (light.state, light.suspended_by) == ("off", ())
    assert "SuspendedLong" not in stage.running()
    with pytest.raises(Refused):
        say(stage, call, "staff", "resume")


@pytest.mark.parametrize("by", [(), ("kiosk",), ("kiosk", "staff")])
def test_a_server_that_comes_back_keeps_it(by: tuple[Side, ...]) -> None:
    stage = Stage()
    call = CallId("c0")
    stage.apply(
        CallResumed(
            START, call, K1, "q", "hefei", 1, "accepted", START, START, S1,
            ItemRule("company"), StaffAbility("A", frozenset({("*", "*")})), 1, True, by,
        )
    )  # fmt: skip
    assert stage.call(call).recording.suspended_by == by
    assert ("SuspendedLong" in stage.running()) == bool(by)
