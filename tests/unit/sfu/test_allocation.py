"""Who gets how much: tables of paths and pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.sfu.allocation import FACE_FLOOR, TEXT_FLOOR, VOICE, Demand, Supply, allocate, fit, floor, is_voice

MAX = 1_500_000
VOICES = ("kiosk.microphone", "staff.microphone")
NAMES = (*VOICES, "kiosk.face", "kiosk.document", "kiosk.screen", "staff.face", "staff.screen", "guest.face")
CONSOLE = ("kiosk.microphone", "kiosk.face", "kiosk.screen")


def supplies(**used: int) -> dict[str, Supply]:
    return {name: Supply(MAX, used.get(name.replace(".", "_"), 0)) for name in NAMES}


def one(estimate: int | None, used: dict[str, int], paused: tuple[str, ...] = ()) -> tuple[int, int, set[str]]:
    """Return targets of the kiosk's face and screen, and what pauses, for one required viewer."""
    found = allocate({"console": Demand(True, estimate, CONSOLE, frozenset(paused))}, supplies(**used))
    return found.targets["kiosk.face"], found.targets["kiosk.screen"], set(found.paused["console"])


@pytest.mark.parametrize(
    ("estimate", "used", "face", "screen", "paused"),
    [
        (None, {}, MAX, MAX, set()),  # nobody told: full
        (8_000_000, {"kiosk_screen": MAX}, MAX, MAX, set()),
        (2_000_000, {"kiosk_screen": 100_000}, MAX, MAX, set()),  # a still screen leaves room for the face
        (2_000_000, {"kiosk_screen": 900_000}, 630_000, MAX, set()),  # text first, the face has the rest
        (1_000_000, {"kiosk_screen": 400_000}, 330_000, 810_000, set()),
        (500_000, {"kiosk_screen": 150_000}, 180_000, 360_000, set()),
        (400_000, {"kiosk_screen": 150_000}, 90_000, 270_000, set()),  # a face may drop very low
        (300_000, {"kiosk_screen": 150_000}, FACE_FLOOR, 180_000, {"kiosk.face"}),
        (150_000, {}, FACE_FLOOR, TEXT_FLOOR, {"kiosk.face", "kiosk.screen"}),  # the voice alone
    ],
)
def test_voice_then_text_then_face(
    estimate: int | None, used: dict[str, int], face: int, screen: int, paused: set[str]
) -> None:
    assert one(estimate, used) == (face, screen, paused)


def test_a_paused_face_needs_more_than_its_floor_to_go_on() -> None:
    assert one(380_000, {"kiosk_screen": 150_000})[2] == set()
    assert one(380_000, {"kiosk_screen": 150_000}, paused=("kiosk.face",))[2] == {"kiosk.face"}
    assert one(450_000, {"kiosk_screen": 150_000}, paused=("kiosk.face",))[2] == set()


@pytest.mark.parametrize("slowest", ["page", "console", "guest"])
def test_the_slowest_required_viewer_decides(slowest: str) -> None:
    shown = ("staff.microphone", "staff.face")
    demands = {
        part: Demand(True, 600_000 if part == slowest else 5_000_000, shown) for part in ("page", "console", "guest")
    }
    assert allocate(demands, supplies()).targets["staff.face"] == int(0.9 * 600_000) - VOICE


@pytest.mark.parametrize(
    ("estimate", "used", "paused"),
    [
        (8_000_000, MAX, set()),
        (None, MAX, set()),
        (2_000_000, 1_000_000, {"kiosk.face"}),  # the screen fits, the face no more
        (1_000_000, 1_000_000, {"kiosk.face", "kiosk.screen"}),
        (1_000_000, 100_000, set()),  # what they really use counts
        (100_000, 100_000, {"kiosk.face", "kiosk.screen"}),
    ],
)
def test_an_observer_lowers_nothing_and_loses_its_own_pictures(
    estimate: int | None, used: int, paused: set[str]
) -> None:
    found = allocate({"observer": Demand(False, estimate, CONSOLE)}, supplies(kiosk_face=used, kiosk_screen=used))
    assert found.targets == {name: MAX for name in NAMES if not is_voice(name)}
    assert found.paused["observer"] == paused


def test_what_nobody_sends_needs_nothing() -> None:
    found = allocate({"console": Demand(True, 300_000, CONSOLE)}, {"kiosk.face": Supply(MAX)})
    assert found.targets == {"kiosk.face": 270_000}


@given(
    st.dictionaries(
        st.sampled_from(["page", "console", "guest", "observer", "whep-1"]),
        st.tuples(
            st.one_of(st.none(), st.integers(0, 10_000_000)),
            st.lists(st.sampled_from(NAMES), unique=True),
            st.frozensets(st.sampled_from(NAMES)),
        ),
    ),
    st.lists(st.integers(0, 3_000_000), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_promises(viewers: dict[str, tuple[int | None, list[str], frozenset[str]]], used: list[int]) -> None:
    required = {"page", "console", "guest"}
    demands = {
        name: Demand(name in required, estimate, tuple(shown), paused)
        for name, (estimate, shown, paused) in viewers.items()
    }
    given_supplies = {name: Supply(MAX, bits) for name, bits in zip(NAMES, used, strict=True)}
    found = allocate(demands, given_supplies)
    assert set(found.targets) == {name for name in NAMES if not is_voice(name)}
    for name, target in found.targets.items():
        assert floor(name) <= target <= MAX
    for viewer, paused in found.paused.items():
        assert not any(is_voice(name) for name in paused), "a voice never pauses"
        assert paused <= set(demands[viewer].sources)
    alone = allocate({name: demand for name, demand in demands.items() if demand.required}, given_supplies)
    assert alone.targets == found.targets, "who is not required lowers nothing"
    for viewer, need in found.needs.items():
        assert need > (demands[viewer].estimate or 0), "what pauses needs more than there is"
        wider = {viewer: Demand(viewer in required, need, demands[viewer].sources, found.paused[viewer])}
        assert not allocate(demands | wider, given_supplies).paused[viewer], "and with that it goes on"


@pytest.mark.parametrize(
    ("carried", "used", "face", "screen"),
    [
        (2_000_000, 0, 1_000_000, 800_000),  # all fits
        (600_000, 100_000, 480_000, 600_000),  # the screen may have all at once, the face what it leaves
        (600_000, 400_000, 120_000, 600_000),
        (150_000, 100_000, 30_000, 150_000),  # and an encoder cannot do with less
    ],
)
def test_a_senders_own_path_is_for_text_first(carried: int, used: int, face: int, screen: int) -> None:
    found = fit({"staff.face": 1_000_000, "staff.screen": 800_000}, {"staff.screen": used}, carried)
    assert found == {"staff.face": face, "staff.screen": screen}
