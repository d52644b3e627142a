"""Which way the media connections of a call take: shown to the staff member, kept, and nothing more."""

from tests.fakes.desk_floor import Stage
from vwindow.calls.call import Phase
from vwindow.calls.connecting import PATHS_NOTED
from vwindow.calls.effects import SaveEvent, TellStaffCall
from vwindow.calls.events import PathFound, RoomLost, VisitorHungUp
from vwindow.ids import CallId, KioskId, StaffId

K1, S1 = KioskId("k1"), StaffId("s1")


def found(stage: Stage, call: CallId, part: str = "agent", path: str = "udp") -> PathFound:
    return PathFound(stage.now, call, part, path)


def test_a_path_is_shown_and_kept_once() -> None:
    stage = Stage()
    call = stage.talking()
    assert stage.apply(found(stage, call)) == [
        TellStaffCall(S1, call),
        SaveEvent(call, "path_agent", (("path", "udp"),), stage.now),
    ]
    assert stage.apply(found(stage, call)) == []
    stage.apply(found(stage, call, "page", "relay_tls"))
    assert stage.call(call).paths == {"agent": "udp", "page": "relay_tls"}
    assert len(stage.apply(found(stage, call, "agent", "relay_tcp"))) == 2
    assert stage.phase(call) is Phase.TALKING


def test_in_another_room_paths_are_told_anew() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(found(stage, call))
    stage.apply(RoomLost(stage.now, call))
    assert stage.call(call).paths == {}
    assert len(stage.apply(found(stage, call))) == 2


def test_a_path_of_a_call_that_is_over_or_unknown_is_dropped() -> None:
    stage = Stage()
    call = stage.talking()
    stage.apply(VisitorHungUp(stage.now, call, K1))
    assert stage.apply(found(stage, call)) == []
    assert stage.apply(found(stage, CallId("none"))) == []
    assert stage.call(call).paths == {}


def test_a_client_that_never_stops_telling_fills_no_ledger() -> None:
    stage = Stage()
    call = stage.talking()
    kept = 0
    for number in range(3 * PATHS_NOTED):
        effects = stage.apply(found(stage, call, "page", ("udp", "tcp")[number % 2]))
        kept += sum(isinstance(effect, SaveEvent) for effect in effects)
        assert TellStaffCall(S1, call) in effects
    assert kept == PATHS_NOTED
