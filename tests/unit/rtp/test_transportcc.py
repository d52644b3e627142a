"""Transport-wide feedback: every chunk form, what is cut off, and what the stamps make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.rtp import rtcp
from vwindow.rtp.packet import extension
from vwindow.rtp.stamps import LOG_PACKETS, Stamps
from vwindow.rtp.transportcc import MAX_STATUSES, TransportFeedback, parse_feedback

TRANSPORT, TIME = 3, 2


def body(base: int, count: int, reference: int, chunks: bytes, deltas: bytes = b"") -> bytes:
    head = bytes(8) + base.to_bytes(2, "big") + count.to_bytes(2, "big") + reference.to_bytes(3, "big") + b"\0"
    return head + chunks + deltas


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (body(5, 3, 1, b"\x20\x03", b"\1\2\3"), (5, (257, 259, 262))),  # a run of small steps
        (body(5, 2, 1, b"\x40\x02", b"\xff\xff\x01\0"), (5, (255, 511))),  # a run of large ones, one back
        (body(5, 3, 0, b"\x00\x03"), (5, (None,) * 3)),  # a run of lost ones
        (body(65535, 4, 0, b"\xa8\x00", b"\4\5"), (65535, (4, None, 9, None))),  # one bit each
        (body(9, 4, 0, b"\xd2\x00", b"\4\0\5"), (9, (4, None, 9, None))),  # two bits each
        (body(9, 6, 0, b"\x20\x02\x00\x02\x20\x02", b"\1\1\1"), (9, (1, 2, None, None, 3))),  # cut off
        (body(9, 2, 0, b""), None),
        (b"\0" * 15, None),
    ],
)
def test_forms_of_chunks(data: bytes, found: tuple[int, tuple[int | None, ...]] | None) -> None:
    read = parse_feedback(data)
    assert (read and (read.base, read.arrivals)) == found


def test_a_huge_report_is_bounded() -> None:
    read = parse_feedback(body(0, 65535, 0, b"\x1f\xff" * 8))
    assert read is not None
    assert len(read.arrivals) == MAX_STATUSES


@given(st.binary(max_size=120))
def test_no_bytes_make_the_parser_fail(data: bytes) -> None:
    rtcp.parse(bytes((0x8F, rtcp.RTPFB)) + (len(data) // 4).to_bytes(2, "big") + data)


def test_a_block_holds_both_extensions() -> None:
    stamps = Stamps(TRANSPORT, TIME)
    for number in range(3):
        packet = b"\x90" + bytes(11) + stamps.block(65.5, 100) + b"payload"
        assert len(packet) == 12 + stamps.overhead + 7
        assert extension(packet, TRANSPORT) == number.to_bytes(2, "big")
        assert extension(packet, TIME) == (int(1.5 * (1 << 18)) & 0xFFFFFF).to_bytes(3, "big")


@pytest.mark.parametrize(("transport", "time"), [(TRANSPORT, 0), (0, TIME), (0, 0)])
def test_a_block_holds_what_was_negotiated(transport: int, time: int) -> None:
    stamps = Stamps(transport, time)
    packet = b"\x90" + bytes(11) + stamps.block(1.0, 100)
    assert len(packet) == 12 + stamps.overhead
    assert (extension(packet, TRANSPORT) is not None) == (transport > 0)
    assert (extension(packet, TIME) is not None) == (time > 0)


def test_arrivals_are_told_once_and_across_the_wrap() -> None:
    stamps = Stamps(TRANSPORT, 0)
    for step in range(65536 + 3):
        stamps.block(step * 0.001, 100 + step % 2)
    feedback = TransportFeedback(65535, (4, None, 12))
    found = stamps.take(feedback)
    assert [(round(sent, 3), arrived, size) for sent, arrived, size in found] == [
        (65.535, 0.001, 101),
        (65.536, None, 100),
        (65.537, 0.003, 101),
    ]
    assert stamps.take(feedback) == [] and stamps.recovered == 0, "neither is told twice"
    found = stamps.take(TransportFeedback(0, (12,)))
    assert [(round(sent, 3), arrived) for sent, arrived, _ in found] == [(65.536, 0.003)]
    assert stamps.recovered == 1, "it was overtaken, not lost"
    assert stamps.take(TransportFeedback(30_000, (1,))) == []  # long forgotten


def test_the_receivers_clock_wraps() -> None:
    stamps = Stamps(TRANSPORT, 0)
    for _ in range(3):
        stamps.block(1.0, 100)
    high = (1 << 32) - 400
    (first,) = stamps.take(TransportFeedback(0, (high,)))
    (second,) = stamps.take(TransportFeedback(1, (400,)))
    assert first[1] is not None
    assert second[1] is not None
    assert abs(second[1] - first[1] - 0.2) < 1e-6


def test_the_log_is_bounded_and_a_report_before_any_packet_says_nothing() -> None:
    stamps = Stamps(TRANSPORT, 0)
    assert stamps.take(TransportFeedback(0, (1,))) == []
    for _ in range(2 * LOG_PACKETS):
        stamps.block(1.0, 100)
    assert stamps.take(TransportFeedback(LOG_PACKETS - 1, (1,))) == []
    assert len(stamps.take(TransportFeedback(LOG_PACKETS, (1,)))) == 1
