"""How long an Opus packet is, and whether it is one."""

MAX_SAMPLES = 5760
_MAX_FRAME_BYTES = 1275


def duration(packet: bytes) -> int:
    """Return the samples of a packet at 48 kHz (RFC 6716 §3.1); 0 when it breaks a rule of §3.4."""
    if not packet:
        return 0
    frame, code = _frame_samples(packet[0] >> 3), packet[0] & 3
    body = packet[1:]
    if code == 0:
        return frame if len(body) <= _MAX_FRAME_BYTES else 0
    if code == 1:
        return 2 * frame if len(body) % 2 == 0 and len(body) // 2 <= _MAX_FRAME_BYTES else 0
    if code == 2:
        return 2 * frame if _lengths_fit(body, 1) else 0
    if not body:
        return 0
    count = body[0] & 0x3F
    rest = _without_padding(body[1:]) if body[0] & 0x40 else body[1:]
    if rest is None or not 0 < frame * count <= MAX_SAMPLES:
        return 0
    if body[0] & 0x80:
        fits = _lengths_fit(rest, count - 1)
    else:
        fits = len(rest) % count == 0 and len(rest) // count <= _MAX_FRAME_BYTES
    return frame * count if fits else 0


def _frame_samples(configuration: int) -> int:
    if configuration < 12:
        return (480, 960, 1920, 2880)[configuration & 3]
    if configuration < 16:
        return (480, 960)[configuration & 1]
    return (120, 240, 480, 960)[configuration & 3]


def _without_padding(body: bytes) -> bytes | None:
    """Take the padding's length bytes and the padding off a code 3 packet (§3.2.5)."""
    padding, at = 0, 0
    while at < len(body):
        size = body[at]
        at += 1
        padding += min(size, 254)
        if size < 255:
            return body[at : len(body) - padding] if at + padding <= len(body) else None
    return None


def _lengths_fit(body: bytes, count: int) -> bool:
    """Check `count` coded frame lengths (§3.2.1) and the one more frame that takes what they leave."""
    total, at = 0, 0
    for _ in range(count):
        if at >= len(body):
            return False
        size = body[at]
        at += 1
        if size >= 252:
            if at >= len(body):
                return False
            size += 4 * body[at]
            at += 1
        total += size
    return 0 <= len(body) - at - total <= _MAX_FRAME_BYTES
