"""Headers that a muxer takes a stream's facts from: what it lets nobody set by hand."""

import struct

RATE = 48_000


def opus_template() -> bytes:
    """Return a minimal WebM file with one stereo Opus track (RFC 7845 §5.1, RFC 9559)."""
    return _file(b"webm", _opus_entry())


def h264_template(configuration: bytes, size: tuple[int, int]) -> bytes:
    """Return a minimal Matroska file with the Opus track and an H.264 track of this configuration and size."""
    width, height = (side.to_bytes(2, "big") for side in size)
    entry = _element("D7", b"\x02") + _element("73C5", b"\x02") + _element("83", b"\x01")
    entry += _element("86", b"V_MPEG4/ISO/AVC") + _element("63A2", configuration)
    entry += _element("E0", _element("B0", width) + _element("BA", height))
    return _file(b"matroska", _opus_entry() + _element("AE", entry))


def _opus_entry() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 2, 0, RATE, 0, 0)
    audio = _element("B5", struct.pack(">d", RATE)) + _element("9F", b"\x02")
    entry = _element("D7", b"\x01") + _element("73C5", b"\x01") + _element("83", b"\x02")
    entry += _element("86", b"A_OPUS") + _element("63A2", head) + _element("E1", audio)
    return _element("AE", entry)


def _file(doctype: bytes, tracks: bytes) -> bytes:
    head = _element("4282", doctype) + _element("4287", b"\x04") + _element("4285", b"\x02")
    # A demuxer looks for a first block before it believes in the track.
    cluster = _element("1F43B675", _element("E7", b"\x00") + _element("A3", b"\x81\x00\x00\x80\xf8\xff\xfe"))
    return _element("1A45DFA3", head) + _element("18538067", _element("1654AE6B", tracks) + cluster)


def _element(identity: str, data: bytes) -> bytes:
    return bytes.fromhex(identity) + (1 << 56 | len(data)).to_bytes(8, "big") + data
