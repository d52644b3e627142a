"""Where a picture begins that needs no other: VP8 (RFC 7741) and H.264 (RFC 6184)."""

_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28


def starts_vp8_keyframe(payload: bytes) -> bool:
    """Tell whether a VP8 payload is the first packet of a keyframe (RFC 7741 §4.2, §4.3)."""
    if not payload or payload[0] & 0x1F != 0x10:  # S set, partition 0 (R between them is 0)
        return False
    at = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return False
        flags = payload[1]
        at = 2
        if flags & 0x80:
            if len(payload) < 3:
                return False
            at += 2 if payload[2] & 0x80 else 1
        if flags & 0x40:
            at += 1
        if flags & 0x30:
            at += 1
    # P bit of the VP8 frame tag: 0 is a keyframe.
    return len(payload) > at and not payload[at] & 1


def starts_h264_keyframe(payload: bytes) -> bool:
    """Tell whether an H.264 payload begins with what a decoder needs first, or with a picture that needs no other.

    A sequence parameter set or an IDR slice: alone, in an aggregate (STAP-A), or as a fragment's beginning (FU-A).
    """
    kind = payload[0] & 0x1F if payload else 0
    if kind == _FU_A:
        return len(payload) > 2 and payload[1] & 0x80 > 0 and payload[1] & 0x1F in (_IDR, _SPS)
    if kind != _STAP_A:
        return kind in (_IDR, _SPS) and len(payload) > 1
    at = 1
    while at + 2 < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        if payload[at + 2] & 0x1F in (_IDR, _SPS) and 0 < size <= len(payload) - at - 2:
            return True
        at += 2 + size
    return False
