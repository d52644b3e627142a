"""Whom a call rings, in which order, and what follows when nobody answers."""

import pytest

from tests.fakes.desk_floor import Stage
from vwindow.calls.call import Phase
from vwindow.calls.effects import OpenRoom, SaveCall, StartRecording, StartTimer, StopTimer, TellKiosk, TellStaff
from vwindow.calls.events import (
    KioskConnected,
    KioskLost,
    NobodyAnswered,
    StaffAnswered,
    StaffConnected,
    StaffDeclined,
    StaffHungUp,
    StaffLost,
    StaffPaused,
    StaffReady,
    VisitorHungUp,
    VisitorWaited,
)
from vwindow.calls.facts import StaffAbility
from vwindow.errors import Refused
from vwindow.ids import KioskId, StaffId

S1, S2, S3 = StaffId("s1"), StaffId("s2"), StaffId("s3")
K1 = KioskId("k1")


def test_a_ready_member_is_rung_in_the_same_breath() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    assert stage.phase(call) is Phase.RINGING
    assert TellStaff(S1) in stage.effects and TellKiosk(K1, call) in stage.effects
    assert list(stage.running()) == ["NobodyAnswered"]
    assert stage.saved("rung")[0]["staff"] == "s1"


def test_post_a_before_b_then_longest_ready() -> None:
    stage = Stage()
    stage.staff("s3", post="B")
    stage.advance(5)
    stage.staff("s2")
    stage.advance(5)
    stage.staff("s1")
    assert [stage.call(stage.ask(f"k{n}")).staff for n in range(3)] == [S2, S1, S3]


@pytest.mark.parametrize(
    ("skill", "rings"),
    [
        (("hefei", "company"), True),
        (("hefei", "*"), True),
        (("*", "company"), True),
        (("*", "*"), True),
        (("wuhu", "company"), False),
        (("hefei", "tax"), False),
    ],
)
def test_skills(skill: tuple[str, str], rings: bool) -> None:
    stage = Stage()
    stage.staff("s1", skill)
    assert (stage.phase(stage.ask("k1")) is Phase.RINGING) is rings


def test_no_answer_rings_the_next_and_pauses_the_first() -> None:
    stage = Stage()
    stage.staff("s1")
    stage.advance(1)
    stage.staff("s2")
    call = stage.ask("k1")
    stage.advance(20)
    assert (stage.state("s1"), stage.member("s1").pause) == ("break", "no_answer")
    assert stage.call(call).staff == S2 and not stage.call(call).choice
    stage.advance(20)
    assert stage.phase(call) is Phase.WAITING and stage.call(call).choice
    stage.apply(StaffReady(stage.now, S1))
    assert stage.call(call).staff == S1


def test_who_declined_is_rung_again_only_when_alone_and_later() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    stage.apply(StaffDeclined(stage.now, call, S1, "busy"))
    assert (stage.phase(call), stage.state("s1")) == (Phase.WAITING, "ready")
    assert stage.call(call).choice
    stage.advance(59)
    assert stage.phase(call) is Phase.WAITING
    stage.advance(1)
    assert stage.call(call).staff == S1
    stage.apply(StaffHungUp(stage.now, call, S1))
    stage.advance(30)
    stage.staff("s2")
    assert stage.call(call).staff == S2, "somebody else goes first"


def test_a_decliner_is_free_for_the_next_visitor() -> None:
    stage = Stage()
    stage.staff("s1")
    first = stage.ask("k1")
    stage.apply(StaffDeclined(stage.now, first, S1, "not_my_item"))
    second = stage.ask("k2")
    assert stage.call(second).staff == S1 and stage.phase(first) is Phase.WAITING


def test_first_come_first_served_and_places_are_kept() -> None:
    stage = Stage()
    first, second, third = stage.ask("k1"), stage.ask("k2"), stage.ask("k3", city="wuhu")
    assert [stage.floor.position(stage.call(call)) for call in (first, second, third)] == [1, 2, 1]
    stage.staff("s1")
    assert stage.call(first).staff == S1
    assert stage.floor.position(stage.call(second)) == 1
    assert stage.floor.position(stage.call(third)) == 2, "who serves all cities joins the lines"
    stage.advance(20)
    assert stage.floor.position(stage.call(first)) == 1
    stage.apply(StaffReady(stage.now, S1))
    assert stage.call(first).staff == S1


def test_ready_staff_counts_the_busy_but_not_those_on_break() -> None:
    stage = Stage()
    stage.answered("k9", "s1")
    stage.staff("s2", ready=False)
    call = stage.ask("k1")
    assert stage.floor.ready_staff(stage.call(call)) == 1
    stage.apply(StaffReady(stage.now, S2))
    assert stage.floor.ready_staff(stage.call(call)) == 2


def test_a_console_lost_while_ringing_rings_the_next_and_may_be_rung_again() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    stage.apply(StaffLost(stage.now, S1))
    assert stage.phase(call) is Phase.WAITING
    stage.apply(StaffConnected(stage.now, S1, StaffAbility("A", frozenset({("*", "*")}))))
    assert stage.call(call).staff == S1


def test_a_break_while_ringing_counts_as_declined() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    stage.apply(StaffPaused(stage.now, S1, "rest"))
    assert (stage.state("s1"), stage.member("s1").pause) == ("break", "rest")
    assert stage.phase(call) is Phase.WAITING


def test_waiting_offers_a_choice_after_ten_seconds_and_again_after_sixty() -> None:
    stage = Stage()
    call = stage.ask("k1")
    stage.advance(9.9)
    assert not stage.call(call).choice
    stage.advance(0.1)
    assert stage.call(call).choice
    stage.apply(VisitorWaited(stage.now, call, K1))
    stage.apply(VisitorWaited(stage.now, call, K1))
    assert not stage.call(call).choice
    stage.advance(60)
    assert stage.call(call).choice


def test_a_kiosk_away_keeps_its_place_but_does_not_ring() -> None:
    stage = Stage()
    first, second = stage.ask("k1"), stage.ask("k2")
    stage.apply(KioskLost(stage.now, K1))
    stage.staff("s1")
    assert stage.call(second).staff == S1 and stage.phase(first) is Phase.WAITING
    stage.staff("s2")
    assert stage.state("s2") == "ready"
    stage.apply(KioskConnected(stage.now, K1))
    assert stage.call(first).staff == S2


def test_answering_gives_these_orders() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    effects = stage.apply(StaffAnswered(stage.now, call, S1))
    kinds = [type(effect) for effect in effects]
    assert kinds == [StopTimer, OpenRoom, TellKiosk, TellStaff, SaveCall, StartTimer, StartRecording]
    assert stage.apply(StaffAnswered(stage.now, call, S1)) == [], "a double click is harmless"


def test_a_late_answer_is_refused_for_the_ring_is_over() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    stage.advance(20)
    for event in (StaffAnswered(stage.now, call, S1), StaffDeclined(stage.now, call, S1, "busy")):
        with pytest.raises(Refused) as refused:
            stage.apply(event)
        assert refused.value.code == "ring_over"


def test_a_late_timer_of_an_earlier_ring_does_not_end_a_later_one() -> None:
    stage = Stage()
    stage.staff("s1")
    call = stage.ask("k1")
    stage.apply(StaffDeclined(stage.now, call, S1, "busy"))
    late = stage.stopped[-1].event
    assert isinstance(late, NobodyAnswered)
    stage.advance(60)
    assert stage.call(call).staff == S1
    assert stage.apply(late) == []
    assert stage.phase(call) is Phase.RINGING


def test_a_ring_that_was_taken_back_leaves_its_member_the_place() -> None:
    stage = Stage()
    stage.staff("s1")
    stage.advance(1)
    stage.staff("s2")
    call = stage.ask("k1")
    stage.apply(VisitorHungUp(stage.now, call, K1))
    assert stage.call(call).reason == "visitor_left"
    assert stage.call(stage.ask("k2")).staff == S1
