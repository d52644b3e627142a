"""STUN against aioice's own messages, and against garbage."""

import pytest
from aioice import stun as theirs
from hypothesis import given
from hypothesis import strategies as st

from vwindow.ice import stun

PASSWORD = b"our-own-password-of-32-characters"


def request(username: str = "ours:theirs", password: bytes = PASSWORD, nominate: bool = True) -> bytes:
    message = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 12345
    message.attributes["ICE-CONTROLLING"] = 99
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password)
    return bytes(message)


def test_a_check_is_read() -> None:
    found = stun.parse_request(request())
    assert found is not None
    assert found.username == "ours:theirs"
    assert found.use_candidate
    assert found.authentic(PASSWORD)
    assert not found.authentic(b"another password")


def test_a_check_without_nomination() -> None:
    found = stun.parse_request(request(nominate=False))
    assert found is not None
    assert not found.use_candidate


@pytest.mark.parametrize(
    ("address", "mapped"),
    [
        (("192.0.2.7", 5000), ("192.0.2.7", 5000)),
        (("2001:db8::7", 5000), ("2001:db8::7", 5000)),
        (("::ffff:192.0.2.7", 5000), ("192.0.2.7", 5000)),
        (("fe80::1%lo", 5000), ("fe80::1", 5000)),
    ],
)
def test_the_answer_is_valid(address: tuple[str, int], mapped: tuple[str, int]) -> None:
    found = stun.parse_request(request())
    assert found is not None
    answer = theirs.parse_message(stun.success(found, address, PASSWORD))
    assert answer.check_message_integrity(PASSWORD)
    assert answer.message_class == theirs.Class.RESPONSE
    assert answer.transaction_id == found.transaction
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == mapped
    assert "FINGERPRINT" in answer.attributes


@pytest.mark.parametrize("at", range(0, len(request()) - 8, 3))
def test_a_changed_byte_is_never_authentic(at: int) -> None:
    data = bytearray(request())
    data[at] ^= 0x55
    found = stun.parse_request(bytes(data))
    assert found is None or not found.authentic(PASSWORD)


def test_attributes_after_the_integrity_are_not_believed() -> None:
    message = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    message.add_message_integrity(PASSWORD)
    del message.attributes["FINGERPRINT"]
    data = bytes(message) + b"\x00\x25\x00\x00"
    data = data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:]
    found = stun.parse_request(data)
    assert found is not None
    assert found.authentic(PASSWORD)
    assert not found.use_candidate


@given(st.binary(max_size=120))
def test_no_bytes_make_the_parser_fail(data: bytes) -> None:
    stun.parse_request(data)


@given(st.binary(max_size=100), st.integers(0, 20))
def test_no_attributes_make_the_parser_fail(body: bytes, cut: int) -> None:
    body += bytes(-len(body) % 4)
    data = request()[:20] + body
    data = data[:2] + len(body).to_bytes(2, "big") + data[4:]
    stun.parse_request(data[: len(data) - cut])
