"""RTP headers, extensions and keyframes."""

import struct

import aiortc.rtp
import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from vwindow.rtp import packet
from vwindow.rtp.keyframe import starts_vp8_keyframe


def _with_extension(profile: int, body: bytes, payload: bytes = b"picture") -> bytes:
    body += bytes(-len(body) % 4)
    head = packet.HEADER.pack(0x90, 96, 1, 2, 3)
    return head + struct.pack("!HH", profile, len(body) // 4) + body + payload


def test_written_packets_are_read_by_aiortc() -> None:
    data = packet.write(0xFFFFFFFF, 96, 65537, 0x100000005, True, b"picture")
    read = aiortc.rtp.RtpPacket.parse(data)
    assert (read.ssrc, read.payload_type, read.sequence_number, read.timestamp, read.marker) == (
        0xFFFFFFFF,
        96,
        1,
        5,
        1,
    )
    start, end = packet.payload_span(data)
    assert data[start:end] == b"picture"


def test_extensions_and_padding_are_left_out_of_the_payload() -> None:
    data = _with_extension(0xBEDE, b"\x40m")
    data = bytes((data[0] | 0x20,)) + data[1:] + bytes(3) + b"\x04"
    start, end = packet.payload_span(data)
    assert data[start:end] == b"picture"


@pytest.mark.parametrize(
    "data",
    [
        packet.HEADER.pack(0x90, 96, 1, 2, 3),
        packet.HEADER.pack(0x90, 96, 1, 2, 3) + b"\xbe\xde\xff\xff",
        packet.HEADER.pack(0xA0, 96, 1, 2, 3) + b"\x00",
        packet.HEADER.pack(0xA0, 96, 1, 2, 3) + b"\x09",
        packet.HEADER.pack(0x8F, 96, 1, 2, 3),
    ],
)
def test_headers_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        packet.payload_span(data)


def test_one_byte_extension() -> None:
    data = _with_extension(0xBEDE, b"\x10\x55\x00\x41ab")
    assert packet.extension(data, 1) == b"\x55"
    assert packet.extension(data, 4) == b"ab"
    assert packet.extension(data, 5) is None


def test_two_byte_extension() -> None:
    data = _with_extension(0x1000, b"\x01\x00\x04\x02ab")
    assert packet.extension(data, 1) == b""
    assert packet.extension(data, 4) == b"ab"


def test_reserved_number_ends_the_one_byte_extensions() -> None:
    assert packet.extension(_with_extension(0xBEDE, b"\xf0\x00\x10\x55"), 1) is None


@given(st.binary(min_size=12, max_size=80), st.integers(1, 255))
def test_no_bytes_make_the_readers_fail(data: bytes, number: int) -> None:
    packet.extension(data, number)
    try:
        start, end = packet.payload_span(data)
    except ValueError:
        return
    assert 12 <= start <= end <= len(data)


@pytest.mark.parametrize("picture_id", [None, 5, 300])
@pytest.mark.parametrize("layers", [(None, None, None), (7, (1, 1), 3)])
@pytest.mark.parametrize("key", [True, False])
def test_vp8_keyframes(
    picture_id: int | None, layers: tuple[int | None, tuple[int, int] | None, int | None], key: bool
) -> None:
    descriptor = VpxPayloadDescriptor(
        partition_start=1,
        partition_id=0,
        picture_id=picture_id,
        tl0picidx=layers[0],
        tid=layers[1],
        keyidx=layers[2],
    )
    frame = bytes((0x10 if key else 0x11,)) + b"\x02\x00\x9d\x01\x2a"
    assert starts_vp8_keyframe(bytes(descriptor) + frame) is key
    rest = VpxPayloadDescriptor(partition_start=0, partition_id=0, picture_id=picture_id)
    assert not starts_vp8_keyframe(bytes(rest) + frame)


@given(st.binary(max_size=12))
def test_no_bytes_make_the_keyframe_test_fail(payload: bytes) -> None:
    starts_vp8_keyframe(payload)
