"""Where a keyframe begins, packet by packet: VP8 descriptors (RFC 7741), H.264 NAL units (RFC 6184)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.rtp.keyframe import starts_h264_keyframe, starts_vp8_keyframe

SPS, PPS, IDR, SLICE, SEI, AUD = (bytes((0x60 | kind,)) + b"body" for kind in (7, 8, 5, 1, 6, 9))


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def fragments(unit: bytes, size: int = 2) -> list[bytes]:
    """Cut a unit into FU-A packets."""
    body = unit[1:]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    head = bytes((unit[0] & 0xE0 | 28,))
    flags = [(0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0) for index in range(len(parts))]
    return [head + bytes((flag | unit[0] & 0x1F,)) + part for flag, part in zip(flags, parts, strict=True)]


@pytest.mark.parametrize(
    ("packets", "starts"),
    [
        ([SPS, PPS, IDR], [True, False, True]),  # single units; one time stamp makes them one keyframe
        ([stap(SPS, PPS), *fragments(IDR)], [True, True, False]),  # a browser's
        ([AUD, stap(SEI, SPS, PPS), IDR], [False, True, True]),
        ([stap(AUD, SPS, PPS, IDR)], [True]),
        ([stap(SEI, PPS), stap(AUD, SLICE)], [False, False]),
        ([SLICE, *fragments(SLICE)], [False, False, False]),
        (fragments(SPS), [True, False]),
        ([stap(IDR)], [True]),
    ],
)
def test_h264_by_packets(packets: list[bytes], starts: list[bool]) -> None:
    assert [starts_h264_keyframe(packet) for packet in packets] == starts


@pytest.mark.parametrize(
    "broken",
    [b"", b"\x67", b"\x65", b"\x7c", b"\x7c\x85", b"\x78", b"\x78\0", b"\x78\0\5", b"\x78\0\0\x67", b"\x78\0\7\x67ab",
     b"\x7c\x05body", b"\x79\0\5\x67body", b"\x7dxx\x85body"],
)  # fmt: skip
def test_what_is_cut_off_begins_nothing(broken: bytes) -> None:
    assert not starts_h264_keyframe(broken)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [(b"\x10\0", True), (b"\x10\1", False), (b"\x00\0", False), (b"\x90\x80\x05\0", True), (b"\x90\x80\x85\1\0", True),
     (b"\x90\xe0\x05\7\x20\0", True), (b"\x90\xe0\x05\7\x20\1", False), (b"\x11\0", False), (b"\x90\x80", False)],
)  # fmt: skip
def test_vp8_by_packets(payload: bytes, starts: bool) -> None:
    assert starts_vp8_keyframe(payload) is starts


@given(st.binary(max_size=64))
def test_no_payload_makes_them_fail(payload: bytes) -> None:
    for starts in (starts_vp8_keyframe, starts_h264_keyframe):
        assert starts(payload) in (True, False)
