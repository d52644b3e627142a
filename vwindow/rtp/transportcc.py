"""Transport-wide feedback: which packets of a connection came, and when.

draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
"""

from dataclasses import dataclass

MAX_STATUSES = 1024
"""Packets taken from one report; the rest is dropped. A browser reports some ten to a hundred."""
TICK = 0.00025
"""Seconds: the unit of arrival times."""
_REFERENCE_TICKS = 256  # 64 ms


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Arrival of packets `base`, `base` + 1, … in ticks of the receiver's clock (24 + 8 bits); None is not received."""

    base: int
    arrivals: tuple[int | None, ...]


def parse_feedback(body: bytes) -> TransportFeedback | None:
    """Read what follows the RTCP header; None when malformed. A report that is cut off gives what is there."""
    if len(body) < 16:
        return None
    base = int.from_bytes(body[8:10], "big")
    count = min(int.from_bytes(body[10:12], "big"), MAX_STATUSES)
    time = int.from_bytes(body[12:15], "big") * _REFERENCE_TICKS
    symbols, at = _symbols(body, count)
    arrivals: list[int | None] = []
    for symbol in symbols:
        if symbol == 1:
            if at >= len(body):
                break
            time += body[at]
            at += 1
        elif symbol == 2:
            if at + 2 > len(body):
                break
            time += int.from_bytes(body[at : at + 2], "big", signed=True)
            at += 2
        arrivals.append(time if symbol in (1, 2) else None)
    return TransportFeedback(base, tuple(arrivals)) if arrivals else None


def _symbols(body: bytes, count: int) -> tuple[list[int], int]:
    """Return up to `count` two-bit symbols and where the deltas begin."""
    symbols: list[int] = []
    at = 16
    while len(symbols) < count and at + 2 <= len(body):
        chunk = int.from_bytes(body[at : at + 2], "big")
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * min(chunk & 0x1FFF, count - len(symbols))
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return symbols[:count], at
