"""Redundant audio: what is written is read again, and no bytes make the reader do more than refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.rtp import red
from vwindow.rtp.red import Block, RedWriter

OPUS = 111


def test_each_packet_repeats_the_one_before() -> None:
    writer = RedWriter(OPUS)
    assert red.split(writer.wrap(7, 960, b"one")) == [Block(OPUS, 0, b"one")]
    assert red.split(writer.wrap(8, 1920, b"two")) == [Block(OPUS, 960, b"one"), Block(OPUS, 0, b"two")]
    assert red.split(writer.wrap(9, 2880, b"three")) == [Block(OPUS, 960, b"two"), Block(OPUS, 0, b"three")]


@pytest.mark.parametrize(
    ("number", "timestamp", "what"),
    [
        (9, 1920, "after a hole"),
        (7, 960, "twice"),
        (6, 0, "late"),
        (8, 960 + red.MAX_OFFSET + 1, "after a long silence"),
    ],
)
def test_nothing_is_repeated_that_a_viewer_would_misplace(number: int, timestamp: int, what: str) -> None:
    writer = RedWriter(OPUS)
    writer.wrap(7, 960, b"one")
    assert red.split(writer.wrap(number, timestamp, b"two")) == [Block(OPUS, 0, b"two")], what


def test_the_time_wraps() -> None:
    writer = RedWriter(OPUS)
    writer.wrap(7, 0xFFFFFFFF - 479, b"one")
    assert red.split(writer.wrap(8, 480, b"two"))[0] == Block(OPUS, 960, b"one")


def test_a_long_packet_is_not_repeated() -> None:
    writer = RedWriter(OPUS)
    writer.wrap(7, 0, bytes(red.MAX_BLOCK_BYTES + 1))
    assert len(red.split(writer.wrap(8, 960, b"two"))) == 1


@pytest.mark.parametrize("data", [b"", b"\xef", b"\xef\0\0\1", b"\xef\0\0\5\x6fabc", b"\xef\0\0\0" * 40])
def test_what_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="RED"):
        red.split(data)


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    try:
        blocks = red.split(data)
    except ValueError:
        return
    assert sum(len(block.payload) for block in blocks) < len(data)
