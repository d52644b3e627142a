"""Redundant audio (RFC 2198): each packet carries the one before it once more."""

from dataclasses import dataclass

MAX_OFFSET = 0x3FFF
MAX_BLOCK_BYTES = 0x3FF
MAX_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """One payload of a RED packet: its type, and how much earlier it is in units of the RTP time."""

    payload_type: int
    offset: int
    payload: bytes


def split(payload: bytes) -> list[Block]:
    """Return the blocks, oldest first, the primary last; ValueError when they do not fit."""
    heads: list[tuple[int, int, int]] = []
    at = 0
    while True:
        if at >= len(payload) or len(heads) > MAX_BLOCKS:
            raise ValueError("RED headers without an end")
        first = payload[at]
        if not first & 0x80:
            at += 1
            break
        if at + 4 > len(payload):
            raise ValueError("RED header cut off")
        rest = int.from_bytes(payload[at + 1 : at + 4], "big")
        heads.append((first & 0x7F, rest >> 10, rest & MAX_BLOCK_BYTES))
        at += 4
    blocks = []
    for payload_type, offset, length in heads:
        if at + length > len(payload):
            raise ValueError("RED block cut off")
        blocks.append(Block(payload_type, offset, payload[at : at + length]))
        at += length
    blocks.append(Block(first, 0, payload[at:]))
    return blocks


class RedWriter:
    """Put the packet before into each packet, when it follows on and fits."""

    __slots__ = ("_last", "_number", "_payload_type", "_timestamp")

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self._number = -1
        self._timestamp = 0
        self._last = b""

    def wrap(self, number: int, timestamp: int, payload: bytes) -> bytes:
        """Return the RED payload of one packet: extended number, 32-bit time."""
        offset = (timestamp - self._timestamp) & 0xFFFFFFFF
        last = self._last
        follows = number == self._number + 1 and 0 < offset <= MAX_OFFSET and 0 < len(last) <= MAX_BLOCK_BYTES
        if number > self._number:
            self._number, self._timestamp, self._last = number, timestamp, payload
        kind = self._payload_type
        if not follows:
            return bytes((kind,)) + payload
        head = bytes((0x80 | kind,)) + (offset << 10 | len(last)).to_bytes(3, "big") + bytes((kind,))
        return head + last + payload
