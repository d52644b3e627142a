"""Where a picture begins that needs no other (VP8, RFC 7741)."""


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
