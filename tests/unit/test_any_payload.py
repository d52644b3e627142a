"""Payload parsers take any bytes: nothing but an answer comes out."""

from hypothesis import given
from hypothesis import strategies as st

from vwindow.recording import opus, vp8
from vwindow.rtp import repair
from vwindow.rtp.keyframe import starts_vp8_keyframe
from vwindow.rtp.packet import HEADER_BYTES, extension, payload_span

BYTES = st.binary(max_size=200)
DESCRIPTORS = st.tuples(
    st.sampled_from([b"", b"\x10", b"\x90\x80", b"\x90\xe0", b"\x90\xf0\xff", b"\x91\x80\x7f", b"\xff" * 5]), BYTES
).map(b"".join)


@given(DESCRIPTORS | BYTES)
def test_vp8(payload: bytes) -> None:
    found = vp8.parse_descriptor(payload)
    if starts_vp8_keyframe(payload):
        assert found is not None, "the worker and the recorder read the same"


@given(BYTES)
def test_vp8_frames(frame: bytes) -> None:
    if len(frame) >= 10:
        vp8.is_keyframe(frame)
        width, height = vp8.picture_size(frame)
        assert 0 <= width < 1 << 14 and 0 <= height < 1 << 14


@given(BYTES)
def test_opus(packet: bytes) -> None:
    assert 0 <= opus.duration(packet) <= 5760


@given(BYTES)
def test_repair(payload: bytes) -> None:
    found = repair.unwrap(payload)
    assert found is None or (0 <= found[0] <= 65535 and len(found[1]) < len(payload))


@given(st.binary(min_size=HEADER_BYTES, max_size=200), st.integers(0, 255))
def test_headers(data: bytes, number: int) -> None:
    try:
        start, end = payload_span(data)
    except ValueError:
        pass
    else:
        assert HEADER_BYTES <= start <= end <= len(data)
    extension(data, number)
