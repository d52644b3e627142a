"""Frames of the SDT protocol, which identity-card modules (SAM-V) speak on a serial line; pure.

A frame is AA AA AA 96 69, two bytes of length (big-endian, from the body to the checksum), the body, and the XOR of
all bytes from the length to the end of the body. A command's body is a command byte, a parameter byte and data; an
answer's is 00 00, a status, and data. Answers do not say which command they answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD = b"\xaa\xaa\xaa\x96\x69"
MAX_LENGTH = 4096
"""No answer is longer than 2,314: text, photo and a fingerprint."""


class BadAnswer(Exception):
    """Say that a frame is no answer; carries nothing of what was in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status and data; data may be a card's, so it stays out of `repr`."""

    status: int
    data: bytes = field(default=b"", repr=False)


def checksum(data: bytes) -> int:
    """Return the XOR of all bytes."""
    # Folded in halves: a hostile line must not make a loop over bytes of each false head.
    while len(data) > 1:
        half = (len(data) + 1) // 2
        folded = int.from_bytes(data[:half], "big") ^ int.from_bytes(data[half:], "big")
        data = folded.to_bytes(half, "big")
    return data[0] if data else 0


def encode(body: bytes) -> bytes:
    """Return the frame of a command's or an answer's body."""
    if not 1 <= len(body) < MAX_LENGTH:
        raise ValueError(f"a body of {len(body)} bytes")
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return HEAD + counted + bytes([checksum(counted)])


def parse_answer(body: bytes) -> Answer:
    """Return what a body says; raises BadAnswer."""
    if len(body) < 3 or body[:2] != b"\0\0":
        raise BadAnswer("a frame that is no answer")
    return Answer(body[2], body[3:])


def parse_blocks(data: bytes, count: int) -> list[bytes]:
    """Return the blocks of a card: `count` lengths (big-endian), then the blocks; raises BadAnswer.

    The lengths tell, not constants: a fingerprint has 1,024, 512 or no bytes.
    """
    sizes = [int.from_bytes(data[2 * number : 2 * number + 2], "big") for number in range(count)]
    if len(data) < 2 * count or 2 * count + sum(sizes) != len(data):
        raise BadAnswer("lengths of blocks that do not add up")
    blocks, at = [], 2 * count
    for size in sizes:
        blocks.append(data[at : at + size])
        at += size
    return blocks


class FrameDecoder:
    """Find whole frames in what comes from a line, whatever lies between them.

    Holds at most two frames of 4,096 bytes. A frame with a wrong checksum or length is counted and skipped by one byte
    only, so that a frame hidden behind a false head is still found.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.damaged = 0
        self.skipped = 0

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a frame has come and its end has not."""
        return len(self._buffer) >= len(HEAD)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and give the bodies of the frames that they complete."""
        for at in range(0, len(data), MAX_LENGTH):
            self._buffer += data[at : at + MAX_LENGTH]
            while (body := self._next()) is not None:
                yield body

    def _next(self) -> bytes | None:
        while self._to_head() and len(self._buffer) >= len(HEAD) + 2:
            length = int.from_bytes(self._buffer[5:7], "big")
            if 2 <= length <= MAX_LENGTH:
                end = len(HEAD) + 2 + length
                if len(self._buffer) < end:
                    return None
                counted = bytes(self._buffer[5:end])
                if checksum(counted) == 0:
                    del self._buffer[:end]
                    return counted[2:-1]
            self.damaged += 1
            self._skip(1)
        return None

    def _to_head(self) -> bool:
        """Drop what is no head; say whether one begins the buffer now."""
        at = self._buffer.find(HEAD)
        if at < 0:
            # The end may be the beginning of a head.
            keep = next(n for n in range(len(HEAD) - 1, -1, -1) if self._buffer.endswith(HEAD[:n]))
            self._skip(len(self._buffer) - keep)
            return False
        self._skip(at)
        return True

    def _skip(self, count: int) -> None:
        del self._buffer[:count]
        self.skipped += count
