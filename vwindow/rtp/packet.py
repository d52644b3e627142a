"""The RTP header (RFC 3550 §5.1) and its extensions (RFC 8285), read in place and written."""

import struct

HEADER = struct.Struct("!BBHII")
"""First byte, marker and payload type, sequence number, timestamp, SSRC."""

HEADER_BYTES = 12
_TWO = struct.Struct("!H")
_EXTENSION = struct.Struct("!HH")
_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000


def payload_span(data: bytes) -> tuple[int, int]:
    """Return start and end of the payload, without extensions and padding; ValueError when they do not fit."""
    first = data[0]
    start = HEADER_BYTES + (first & 15) * 4
    if first & 16:
        if len(data) < start + 4:
            raise ValueError("extension cut off")
        start += 4 + 4 * int(_TWO.unpack_from(data, start + 2)[0])
    end = len(data)
    if first & 32:
        padding = data[-1]
        if padding == 0:
            raise ValueError("padding of length zero")
        end -= padding
    if end < start:
        raise ValueError("header longer than the packet")
    return start, end


def extension(data: bytes, number: int) -> bytes | None:
    """Return the value of header extension `number` (1 to 255), None when absent or malformed."""
    if len(data) < HEADER_BYTES or not data[0] & 16:
        return None
    at = HEADER_BYTES + (data[0] & 15) * 4
    if len(data) < at + 4:
        return None
    profile, words = _EXTENSION.unpack_from(data, at)
    at += 4
    end = at + 4 * words
    if end > len(data):
        return None
    one_byte = profile == _ONE_BYTE_PROFILE
    if not one_byte and profile & 0xFFF0 != _TWO_BYTE_PROFILE:
        return None
    while at < end:
        head = data[at]
        if head == 0:
            at += 1
            continue
        if one_byte:
            found, length = head >> 4, (head & 15) + 1
            if found == 15:  # RFC 8285 §4.2: stop at the reserved number
                return None
            at += 1
        else:
            if at + 2 > end:
                return None
            found, length = head, data[at + 1]
            at += 2
        if at + length > end:
            return None
        if found == number:
            return data[at : at + length]
        at += length
    return None


def write(ssrc: int, payload_type: int, seq: int, timestamp: int, marker: bool, payload: bytes) -> bytes:
    """Write a packet without extensions; `seq` and `timestamp` are cut to 16 and 32 bits."""
    second = payload_type | 0x80 if marker else payload_type
    return HEADER.pack(0x80, second, seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload
