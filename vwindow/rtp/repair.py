"""Packets that are sent again on their own stream (RFC 4588)."""

from vwindow.rtp.packet import HEADER

_NUMBER_BYTES = 2


def unwrap(payload: bytes) -> tuple[int, bytes] | None:
    """Return the original 16-bit number and payload of a repair packet; None for padding, which carries none."""
    if len(payload) < _NUMBER_BYTES:
        return None
    return int.from_bytes(payload[:_NUMBER_BYTES], "big"), payload[_NUMBER_BYTES:]


class RepairStream:
    """Write repair packets with their own SSRC, payload type and numbers."""

    __slots__ = ("_number", "_payload_type", "ssrc")

    def __init__(self, ssrc: int, payload_type: int, first: int) -> None:
        self.ssrc = ssrc
        self._payload_type = payload_type
        self._number = first

    def wrap(self, first_byte: int, header: bytes, stamp: bytes, payload: bytes) -> bytes:
        """Return the repair packet of what was sent with this 12-byte header; `stamp` is its extension block.

        Each call uses a new number, so no number protects two packets.
        """
        _, second, seq, timestamp, _ = HEADER.unpack(header)
        number = self._number
        self._number += 1
        head = HEADER.pack(first_byte, second & 0x80 | self._payload_type, number & 0xFFFF, timestamp, self.ssrc)
        return head + stamp + int(seq).to_bytes(_NUMBER_BYTES, "big") + payload
