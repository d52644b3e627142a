"""How calls end, and what both sides have afterwards."""

from collections.abc import Callable

import pytest

from tests.fakes.desk_floor import Stage
from vwindow.calls.call import Phase
from vwindow.calls.effects import CloseRoom, Forget, MirrorKiosk, SaveCall, SaveRating, StartRecording
from vwindow.calls.events import (
    CallAsked,
    CallClosed,
    DeskClosing,
    Event,
    KioskLost,
    KioskRevoked,
    MediaLost,
    OutcomeNoted,
    Rated,
    RecordingFailed,
    RecordingStalled,
    RecordingWrote,
    StaffAnswered,
    StaffHungUp,
    StaffLeft,
    StaffLost,
    StaffPaused,
    StaffReady,
    VisitorHungUp,
)
from vwindow.calls.facts import CallRules, ItemRule
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId

S1, K1 = StaffId("s1"), KioskId("k1")


def code(stage: Stage, event: Event) -> str:
    with pytest.raises(Refused) as refused:
        stage.apply(event)
    return refused.value.code


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda s, c: VisitorHungUp(s.now, c, K1), "visitor_hung_up"),
        (lambda s, c: StaffHungUp(s.now, c, S1), "staff_hung_up"),
        (lambda s, c: MediaLost(s.now, c, "staff"), "media_lost"),
        (lambda s, c: KioskRevoked(s.now, K1), "kiosk_revoked"),
        (lambda s, c: DeskClosing(s.now), "closing"),
    ],
)
def test_ends_of_a_talking_call(make: Callable[[Stage, CallId], Event], reason: str) -> None:
    stage = Stage()
    call = stage.talking()
    effects = stage.apply(make(stage, call))
    assert stage.call(call).reason == reason
    assert CloseRoom(call) in effects and SaveCall(call) in effects
    assert stage.state("s1") == "wrap_up"
    assert sorted(stage.running()) == ["LeftUnclosed", "WrapUpOver"]
    for again in (VisitorHungUp(stage.now, call, K1), StaffHungUp(stage.now, call, S1)):
        assert stage.apply(again) == [], "hanging up once more is harmless"
    assert stage.call(call).reason == reason


def test_media_that_never_come_up() -> None:
    stage = Stage()
    call = stage.answered()
    stage.advance(20)
    assert stage.call(call).reason == "never_connected"


@pytest.mark.parametrize(("lost", "reason"), [(KioskLost, "kiosk_lost"), (StaffLost, "staff_lost")])
def test_grace_times(lost: type[KioskLost] | type[StaffLost], reason: str) -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(lost(stage.now, K1 if lost is KioskLost else S1))  # type: ignore[arg-type]
    stage.advance(14)
    assert stage.phase(call) is Phase.TALKING
    stage.advance(1)
    assert stage.call(call).reason == reason


def test_a_ready_member_who_stays_away_is_off_and_gone() -> None:
    stage = Stage()
    stage.staff("s1")
    stage.apply(StaffLost(stage.now, S1))
    assert stage.phase(stage.ask("k1")) is Phase.WAITING, "nobody rings at a dead console"
    stage.advance(15)
    assert stage.floor.member(S1) is None


def test_wrap_up_ends_by_outcome_or_by_time() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(VisitorHungUp(stage.now, call, K1))
    stage.apply(OutcomeNoted(stage.now, call, S1, "filed", "好"))
    assert stage.state("s1") == "ready" and stage.call(call).outcome == "filed"
    assert stage.apply(OutcomeNoted(stage.now, call, S1, "filed", "好")) == []
    assert code(stage, OutcomeNoted(stage.now, call, S1, "referred", "")) == "already_noted"
    stage.advance(1)
    second = stage.talking("k2")
    stage.apply(StaffHungUp(stage.now, second, S1))
    stage.advance(119)
    assert stage.state("s1") == "wrap_up"
    stage.advance(1)
    assert stage.state("s1") == "ready"
    stage.apply(OutcomeNoted(stage.now, second, S1, "answered", ""))
    assert stage.call(second).outcome == "answered", "late, but not lost"


def test_what_staff_chose_during_the_call_follows_the_wrap_up() -> None:
    for event, after in [(StaffPaused(Stage().now, S1, "meal"), "break"), (StaffLeft(Stage().now, S1), "off")]:
        stage = Stage()
        call = stage.talking()
        stage.apply(event)
        assert stage.state("s1") == "busy"
        stage.apply(StaffHungUp(stage.now, call, S1))
        stage.apply(OutcomeNoted(stage.now, call, S1, "answered", ""))
        assert stage.state("s1") == after


def test_nobody_else_notes_or_rates() -> None:
    stage = Stage()
    call = stage.talking()
    stage.staff("s2")
    stage.kiosk("k2")
    assert code(stage, OutcomeNoted(stage.now, call, S1, "answered", "")) == "not_now"
    assert code(stage, Rated(stage.now, call, K1, 5)) == "not_now"
    stage.apply(StaffHungUp(stage.now, call, S1))
    assert code(stage, OutcomeNoted(stage.now, call, StaffId("s2"), "answered", "")) == "not_your_call"
    assert code(stage, Rated(stage.now, call, KioskId("k2"), 1)) == "not_your_call"
    assert code(stage, VisitorHungUp(stage.now, call, KioskId("k2"))) == "not_your_call"


def test_a_rating_comes_once_and_until_the_page_is_closed() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(VisitorHungUp(stage.now, call, K1))
    assert stage.apply(Rated(stage.now, call, K1, 4)) == [SaveRating(call, 4)]
    assert code(stage, Rated(stage.now, call, K1, 5)) == "already_rated"
    effects = stage.apply(CallClosed(stage.now, call, K1))
    assert MirrorKiosk(K1) in effects and Forget(call) not in effects
    assert code(stage, Rated(stage.now, call, K1, 5)) == "call_closed"
    assert Forget(call) in stage.apply(OutcomeNoted(stage.now, call, S1, "answered", ""))
    assert stage.apply(CallClosed(stage.now, call, K1)) == []
    assert code(stage, Rated(stage.now, call, K1, 5)) == "call_unknown"


def test_a_page_that_nobody_closes_is_forgotten() -> None:
    stage = Stage()
    call = stage.ask("k1")
    stage.apply(VisitorHungUp(stage.now, call, K1))
    stage.advance(299)
    assert stage.floor.call_of_kiosk(K1) is not None
    assert Forget(call) in stage.advance(1)
    assert not stage.timers


def test_a_live_call_cannot_be_closed_nor_asked_beside() -> None:
    stage = Stage()
    call = stage.ask("k1")
    assert code(stage, CallClosed(stage.now, call, K1)) == "call_running"
    other = CallAsked(stage.now, CallId("x"), K1, "other", "hefei", 1, "accepted", ItemRule("company"))
    assert code(stage, other) == "call_running"


def test_a_new_call_closes_the_page_of_the_last_one() -> None:
    stage = Stage()
    first = stage.ask("k1")
    stage.apply(VisitorHungUp(stage.now, first, K1))
    second = stage.ask("k1")
    assert stage.floor.call(first) is None
    found = stage.floor.call_of_kiosk(K1)
    assert found is not None and found.call == second


def test_a_used_request_never_becomes_another_call() -> None:
    stage = Stage()
    call = stage.ask("k1", request="q")
    stage.apply(VisitorHungUp(stage.now, call, K1))
    again = CallAsked(stage.now, CallId("x"), K1, "q", "hefei", 1, "accepted", ItemRule("company"))
    stage.apply(again)
    assert stage.floor.call(CallId("x")) is None
    stage.apply(CallClosed(stage.now, call, K1))
    assert code(stage, again) == "request_used"


def test_recording_by_policy() -> None:
    for rules, consent, state in [
        (CallRules(), "accepted", "starting"),
        (CallRules(), "declined", "declined"),
        (CallRules(recording_policy="off"), "accepted", "off"),
        (CallRules(recording_policy="off", on_decline="offline_window"), "declined", "off"),
    ]:
        stage = Stage(rules)
        stage.staff("s1")
        call = stage.ask("k1", recording=consent)
        effects = stage.apply(StaffAnswered(stage.now, call, S1))
        assert stage.call(call).recording.state == state
        assert (StartRecording(call) in effects) is (state == "starting")


def test_the_recording_machine() -> None:
    stage = Stage()
    call = stage.talking()
    light = stage.call(call).recording
    for event, state, total, recent in [
        (RecordingWrote(stage.now, call, 0, 0), "starting", 0, 0),
        (RecordingWrote(stage.now, call, 10, 10), "writing", 10, 10),
        (RecordingStalled(stage.now, call, 10), "stalled", 10, 0),
        (RecordingWrote(stage.now, call, 15, 5), "writing", 15, 5),
        (RecordingFailed(stage.now, call), "stalled", 15, 0),
    ]:
        stage.apply(event)
        assert (light.state, light.bytes_total, light.bytes_recent) == (state, total, recent)
    stage.apply(VisitorHungUp(stage.now, call, K1))
    assert stage.apply(RecordingWrote(stage.now, call, 20, 5)) == [] and light.state == "off"


def test_who_is_away_cannot_come_ready() -> None:
    stage = Stage()
    stage.staff("s1")
    stage.apply(StaffLost(stage.now, S1))
    assert code(stage, StaffReady(stage.now, S1)) == "staff_away"
    assert code(stage, StaffReady(stage.now, StaffId("nobody"))) == "staff_unknown"
