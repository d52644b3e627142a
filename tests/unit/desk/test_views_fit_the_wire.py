"""Every view the desk shows is a payload of the wire, field by field, in all phases of a call."""

import dataclasses
from typing import get_args

from signaling import wire
from tests.fakes.desk_house import K1, K2, S1, house
from vwindow.calls.call import Phase
from vwindow.calls.events import StaffAnswered, StaffHungUp
from vwindow.calls.recording import RecordingState
from vwindow.calls.roster import StaffState
from vwindow.ids import RoomId


def fit(model: type[wire.Wire], view: object) -> None:
    assert dataclasses.is_dataclass(view) and not isinstance(view, type)
    payload = model.model_validate(dataclasses.asdict(view))
    assert set(type(payload).model_fields) == {field.name for field in dataclasses.fields(view)}


async def test_views_fit_the_wire() -> None:
    async with house() as h:

        def check() -> None:
            for kiosk in h.outbox.kiosk_mirrors.values():
                fit(wire.KioskMirror, kiosk)
            for call in h.outbox.kiosk_calls.values():
                fit(wire.KioskCall, call)
            for staff in h.outbox.staff_mirrors.values():
                fit(wire.StaffMirror, staff)
            for served in h.outbox.staff_calls.values():
                fit(wire.StaffCall, served)

        await h.ready()
        first = await h.ask(K1)
        check()
        second = await h.ask(K2)
        h.desk.tell_staff_mirror(S1)
        assert h.outbox.staff_mirrors[S1].line
        check()
        await h.hang_up(first)
        check()
        await h.desk.submit(StaffAnswered(h.clock.now(), second, S1))
        h.desk.recording_failed(RoomId(second), "x")
        await h.desk.settled()
        assert set(h.outbox.staff_calls) == {S1} and set(h.outbox.kiosk_mirrors) == {K1, K2}
        h.desk.tell_kiosk_mirror(K1)
        check()
        await h.desk.submit(StaffHungUp(h.clock.now(), second, S1))
        check()


def test_words_are_those_of_the_wire() -> None:
    assert {phase.value for phase in Phase} == set(get_args(wire.CallPhase))
    assert {state.value for state in StaffState} == set(get_args(wire.StaffState))
    assert {state.value for state in RecordingState} == set(get_args(wire.RecordingState))
