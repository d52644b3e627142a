"""A token opens the one thing that it names, until it expires, and cannot be changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.errors import Refused
from vwindow.tokens import OneToken, SignedTokens, StreamLeave

TOKENS = SignedTokens(bytes(range(32)))
LEAVE = StreamLeave("whip", "room-1", "kiosk", "face", 1000)
TOKEN = TOKENS.sign(LEAVE)


def refused(token: str, *asked: str | None, now: float = 0.0, tokens: SignedTokens | OneToken = TOKENS) -> str:
    kind, room, side, source = asked or ("whip", "room-1", "kiosk", "face")
    assert kind and room and side
    with pytest.raises(Refused) as found:
        tokens.check(token, kind, room, side, source, now)
    return f"{found.value.status} {found.value.code}"


def test_it_opens_what_it_names() -> None:
    TOKENS.check(TOKEN, "whip", "room-1", "kiosk", "face", 999.9)
    TOKENS.check(TOKEN, "whip", "room-1", "kiosk", None, 0)


@pytest.mark.parametrize(
    "asked",
    [
        ("whip", "room-2", "kiosk", "face"),
        ("whep", "room-1", "kiosk", "face"),
        ("whip", "room-1", "staff", "face"),
        ("whip", "room-1", "kiosk", "document"),
        ("whip", "room-2", "kiosk", None),
    ],
)
def test_and_nothing_else(asked: tuple[str, str, str, str | None]) -> None:
    assert refused(TOKEN, *asked) == "403 token_elsewhere"


def test_it_expires_and_another_key_does_not_open() -> None:
    assert refused(TOKEN, now=1000.0) == "401 token_expired"
    assert refused(TOKEN, tokens=SignedTokens(bytes(32))) == "401 token_wrong"


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_character_is_noticed(at: int, to: str) -> None:
    changed = TOKEN[:at] + to + TOKEN[at + 1 :]
    # The last character of the signature has two bits that carry nothing.
    if changed != TOKEN and at < len(TOKEN) - 1:
        assert refused(changed) == "401 token_wrong"


@given(st.text(max_size=40) | st.text("vws1.=-_AZ", max_size=200))
def test_any_text_is_refused(text: str) -> None:
    assert refused(text) == "401 token_wrong"
    assert refused(text, tokens=OneToken("another")) == "401 token_wrong"
