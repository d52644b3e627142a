"""The layout of a journal: one header, then sealed blocks with a counter each.

    header  magic 8 | version 1 | cipher 1 | hash 1 | 0 1 | salt 16 | started wall f64 | started monotonic f64 | tag 16
    block   magic 4 | kind 1 | 0 3 | counter u64 | length u32 | sealed records (length bytes, tag included)

Numbers are big-endian. The additional data of a block is its own header; the header's tag seals the header, so a
wrong key is told from a damaged file. Each block begins with a link: the hash over all that stands before it in the
file, the last of them in the block that ends the journal (see `chain`). Version 1 had neither suites nor links.
"""

import struct
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag

from vwindow.errors import VWindowError
from vwindow.recording.seal import HEADER_NONCE, JOURNAL, SALT_BYTES, nonce
from vwindow.recording.suite import DEFAULT, TAG_BYTES, Aead, Suite

BLOCK_BYTES = 256 * 1024
"""A block is closed when its records reach this size."""
MAX_SEALED_BYTES = BLOCK_BYTES + 128 * 1024
BLOCK_MAGIC = b"VWbk"
DATA = 0
END = 1

_MAGIC = b"VWJOURNL"
_VERSION = 2
_UNCHAINED = 1
_HEADER = struct.Struct(f">8sB2sx{SALT_BYTES}sdd")
_BLOCK = struct.Struct(">4sB3xQI")
HEADER_BYTES = _HEADER.size + TAG_BYTES
BLOCK_HEADER_BYTES = _BLOCK.size


class JournalUnreadable(VWindowError):
    """Say that a file is no journal (`journal_unreadable`) or not of this key (`wrong_key`)."""


@dataclass(frozen=True, slots=True)
class JournalHeader:
    """When a recording started, on the wall (Unix seconds) and on the worker's monotonic clock."""

    salt: bytes
    started_wall: float
    started_monotonic: float
    suite: Suite = DEFAULT
    chained: bool = True

    def pack(self, key: bytes) -> bytes:
        """Return the sealed header."""
        version = _VERSION if self.chained else _UNCHAINED
        plain = _HEADER.pack(_MAGIC, version, self.suite.pack(), self.salt, self.started_wall, self.started_monotonic)
        return plain + self.suite.aead(key, self.salt, JOURNAL).encrypt(HEADER_NONCE, b"", plain)

    @classmethod
    def unpack(cls, data: bytes, key: bytes) -> Self:
        """Read a header of HEADER_BYTES; raises JournalUnreadable."""
        magic, version, names, salt, wall, monotonic = _HEADER.unpack_from(data)
        suite = Suite.unpack(names)
        if magic != _MAGIC or version not in (_UNCHAINED, _VERSION) or suite is None:
            raise JournalUnreadable("journal_unreadable")
        try:
            suite.aead(key, salt, JOURNAL).decrypt(HEADER_NONCE, data[_HEADER.size :], data[: _HEADER.size])
        except InvalidTag:
            raise JournalUnreadable("wrong_key") from None
        return cls(salt, wall, monotonic, suite, version == _VERSION)


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """Where a block stands in its journal and how long its sealed part is."""

    kind: int
    counter: int
    length: int

    @classmethod
    def unpack(cls, data: bytes) -> Self | None:
        """Read a block header; None when these bytes are none."""
        if len(data) < BLOCK_HEADER_BYTES:
            return None
        magic, kind, counter, length = _BLOCK.unpack_from(data)
        if magic != BLOCK_MAGIC or not TAG_BYTES <= length <= MAX_SEALED_BYTES:
            return None
        if data[5:8] != b"\0\0\0":  # what is not sealed may not vary
            return None
        return cls(kind, counter, length)


def seal_block(aead: Aead, kind: int, counter: int, plain: bytes) -> bytes:
    """Return header and sealed records of one block."""
    head = _BLOCK.pack(BLOCK_MAGIC, kind, counter, len(plain) + TAG_BYTES)
    return head + aead.encrypt(nonce(counter), plain, head)


def open_block(aead: Aead, header: BlockHeader, sealed: bytes) -> bytes | None:
    """Return the records of a block; None when it is not authentic."""
    head = _BLOCK.pack(BLOCK_MAGIC, header.kind, header.counter, header.length)
    try:
        return aead.decrypt(nonce(header.counter), sealed, head)
    except InvalidTag:
        return None
