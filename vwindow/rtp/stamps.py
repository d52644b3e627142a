"""Header extensions by which a viewer tells how our packets travelled: transport number and send time."""

import struct

from vwindow.rtp.seq import extend
from vwindow.rtp.transportcc import TICK, TransportFeedback

LOG_PACKETS = 1024
"""Packets that are remembered until a report tells of them: a second of anything we send."""
Sample = tuple[float, float | None, int]
"""Sent (our seconds), arrived (the viewer's seconds, None when lost), bytes."""

_both = struct.Struct("!HHIBHB").pack
_one = struct.Struct("!HHI").pack
_PROFILE = 0xBEDE
_EMPTY = b"\xbe\xde\0\0"
_MASK = LOG_PACKETS - 1


class Stamps:
    """Number the packets of one connection and remember when each left.

    `transport` and `time` are the negotiated numbers of the two extensions (RFC 8285, 1 to 14; 0 for none):
    draft-holmer-rmcat-transport-wide-cc-extensions-01 §2, and abs-send-time (6.18 bits of seconds).
    """

    __slots__ = ("_epoch", "_log", "_number", "_ticks", "_time_head", "_transport_head", "overhead", "recovered")

    def __init__(self, transport: int, time: int) -> None:
        self._transport_head = transport << 4 | 1 if transport else 0
        self._time_head = (time << 4 | 2) << 24 if time else 0
        self._number = -1
        self._log: list[tuple[int, float, int] | None] = [None] * (LOG_PACKETS if transport else 0)
        self._ticks = 0
        self._epoch = False
        self.recovered = 0
        """Packets of the last report that an earlier one had told as lost."""
        self.overhead = 12 if transport and time else 8 if transport or time else 0

    def block(self, now: float, size: int, more: bytes = b"") -> bytes:
        """Return the extension block of the next packet of `size` bytes; b"" when nothing was negotiated.

        `more`: further elements, as long as a multiple of 4 bytes.
        """
        if more:
            block = self.block(now, size) or _EMPTY
            return block[:2] + (block[3] + len(more) // 4).to_bytes(2, "big") + block[4:] + more
        if not self._transport_head:
            if not self._time_head:
                return b""
            return _one(_PROFILE, 1, self._time_head | int(now * 262144) & 0xFFFFFF)
        self._number = number = self._number + 1
        self._log[number & _MASK] = (number, now, size)
        if not self._time_head:
            return _one(_PROFILE, 1, self._transport_head << 24 | (number & 0xFFFF) << 8)
        stamp = self._time_head | int(now * 262144) & 0xFFFFFF
        return _both(_PROFILE, 2, stamp, self._transport_head, number & 0xFFFF, 0)

    def take(self, feedback: TransportFeedback) -> list[Sample]:
        """Return what a report says of packets that are still remembered; each loss and each arrival is told once."""
        samples: list[Sample] = []
        self.recovered = 0
        if self._number < 0:
            return samples
        number = extend(feedback.base, self._number)
        for arrival in feedback.arrivals:
            at = number & _MASK
            entry = self._log[at] if number >= 0 else None
            if entry is not None and entry[0] == number:
                sent, size = entry[1], abs(entry[2])
                if arrival is None:
                    if entry[2] > 0:
                        samples.append((sent, None, size))
                        self._log[at] = (number, sent, -size)  # told
                else:
                    self._log[at] = None
                    self.recovered += entry[2] < 0
                    samples.append((sent, self._unwrap(arrival) * TICK, size))
            number += 1
        return samples

    def _unwrap(self, ticks: int) -> int:
        # The reference time has 24 bits of 64 ms: it wraps after twelve days.
        if self._epoch:
            change = (ticks - self._ticks + (1 << 31)) % (1 << 32) - (1 << 31)
            self._ticks += change
        else:
            self._epoch = True
            self._ticks = ticks
        return self._ticks
