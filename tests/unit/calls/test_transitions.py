"""The table of phases and its picture."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vwindow.calls import diagram
from vwindow.calls.call import TRANSITIONS, Call, Phase
from vwindow.calls.events import (
    CallClosed,
    Event,
    MediaUp,
    Rated,
    SidesMet,
    StaffAnswered,
    StaffRung,
    VisitorHungUp,
    VisitorWaited,
)
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId

AT = datetime(2026, 3, 2, tzinfo=UTC)
CALL, KIOSK, STAFF = CallId("c"), KioskId("k"), StaffId("s")
DOC = Path(__file__).resolve().parents[3] / "docs" / "call-states.md"


def test_the_picture_in_the_docs_is_the_table() -> None:
    text = DOC.read_text(encoding="utf-8")
    start, end = text.index(diagram.BEGIN), text.index(diagram.END) + len(diagram.END)
    assert text[start:end] == diagram.block(), "run python -m vwindow.calls.diagram and put its output there"


def test_every_phase_has_a_row_and_a_way_to_the_end() -> None:
    assert set(TRANSITIONS) == set(Phase)
    assert set(TRANSITIONS[Phase.ENDED].values()) == {Phase.ENDED}
    for phase, row in TRANSITIONS.items():
        assert phase is Phase.ENDED or Phase.ENDED in row.values()
        assert row[VisitorHungUp] is Phase.ENDED, "hanging up is always possible"


def a_call(phase: Phase) -> Call:
    return Call(CALL, KIOSK, "q", "hefei", 1, "company", "accepted", 1, AT, phase=phase)


@pytest.mark.parametrize(
    ("phase", "event", "after"),
    [
        (Phase.WAITING, StaffRung(AT, CALL, STAFF), Phase.RINGING),
        (Phase.RINGING, StaffAnswered(AT, CALL, STAFF), Phase.CONNECTING),
        (Phase.CONNECTING, MediaUp(AT, CALL, "kiosk"), Phase.CONNECTING),
        (Phase.CONNECTING, SidesMet(AT, CALL), Phase.TALKING),
        (Phase.TALKING, VisitorHungUp(AT, CALL, KIOSK), Phase.ENDED),
        (Phase.ENDED, Rated(AT, CALL, KIOSK, 5), Phase.ENDED),
    ],
)
def test_the_table_moves_a_call(phase: Phase, event: Event, after: Phase) -> None:
    call = a_call(phase)
    call.advance(event)
    assert call.phase is after


@pytest.mark.parametrize(
    ("phase", "event"),
    [
        (Phase.WAITING, StaffAnswered(AT, CALL, STAFF)),
        (Phase.WAITING, Rated(AT, CALL, KIOSK, 5)),
        (Phase.RINGING, SidesMet(AT, CALL)),
        (Phase.TALKING, VisitorWaited(AT, CALL, KIOSK)),
        (Phase.TALKING, CallClosed(AT, CALL, KIOSK)),
        (Phase.ENDED, StaffRung(AT, CALL, STAFF)),
    ],
)
def test_what_is_not_in_the_table_is_refused_and_changes_nothing(phase: Phase, event: Event) -> None:
    call, same = a_call(phase), a_call(phase)
    with pytest.raises(Refused, match="in phase"):
        call.advance(event)
    assert call == same
