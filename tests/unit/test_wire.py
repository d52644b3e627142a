"""The wire models refuse what is not theirs; the generated types are current."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signaling import events, wire

ROOT = Path(__file__).resolve().parents[2]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
CLIENT = {**events.KIOSK_TO_SERVER, **events.STAFF_TO_SERVER}


@pytest.mark.parametrize("name", sorted(CLIENT))
@settings(max_examples=60, deadline=None)
@given(value=JSON)
def test_any_json_is_either_a_payload_or_a_validation_error(name: str, value: object) -> None:
    try:
        CLIENT[name].model_validate(value)
    except ValidationError:
        return


def test_unknown_keys_and_long_values_are_refused() -> None:
    good = {"city": "jiaxing", "item": 1, "recording": "accepted", "request": "r1"}
    assert wire.CallAsk.model_validate(good).item == 1
    for bad in (
        {"more": 1},
        {"item": 196},
        {"item": 0},
        {"city": "beijing"},
        {"request": "x" * 65},
        {"request": "a b"},
    ):
        with pytest.raises(ValidationError):
            wire.CallAsk.model_validate({**good, **bad})
    with pytest.raises(ValidationError):
        wire.MediaOffer.model_validate({"call": "c1", "part": "page", "sdp": "v" * 100_000})


def test_the_pages_types_are_generated_from_these_models() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "wire_types.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_phone_numbers() -> None:
    seed = random.randrange(1 << 30)
    print(f"seed={seed}")
    pick = random.Random(seed)
    phone = "".join(pick.choice("0123456789") for _ in range(11))
    assert wire.CallbackAsk(call="c1", name="王先生", phone=phone).phone == phone
    for bad in ("123", "12345678901a", "'; drop table", "1" * 30):
        with pytest.raises(ValidationError):
            wire.CallbackAsk(call="c1", name="王", phone=bad)
