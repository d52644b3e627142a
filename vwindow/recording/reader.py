"""Reading of journals, whole, torn by a crash, or damaged."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vwindow.errors import VWindowError
from vwindow.recording.block import (
    BLOCK_HEADER_BYTES,
    BLOCK_MAGIC,
    DATA,
    END,
    HEADER_BYTES,
    MAX_SEALED_BYTES,
    BlockHeader,
    JournalHeader,
    open_block,
)
from vwindow.recording.chain import Chain
from vwindow.recording.record import LINK_BYTES, Link, Record, unpack_link, unpack_records
from vwindow.recording.seal import JOURNAL
from vwindow.recording.suite import Aead

_WINDOW_BYTES = 2 * (BLOCK_HEADER_BYTES + MAX_SEALED_BYTES)
ANCHOR_SECONDS = 60.0
_MAX_RESCUES = 10_000
"""Places that only look like a block and are tried; a forged file must not cost hours."""


class JournalDamaged(VWindowError):
    """Say that a journal was changed or lost bytes in its middle; all that is authentic was given before."""

    def __init__(self) -> None:
        super().__init__("journal_damaged")


class JournalReader:
    """Give a journal's records as often as wanted; the flags are those of the last reading to the end.

    A journal that ends in the middle of a block was torn by a crash: what precedes is good. A block that is not
    authentic, missing, moved or repeated is damage: it is left out and reading goes on at the next authentic block.
    A block whose link does not fit what stands before it breaks the chain, which is damage as well.
    Raises JournalUnreadable, and OSError.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.torn = False
        self.damaged = False
        self.blocks_read = 0
        self.chain_holds = False
        """Whether every block was found in its place with nothing missing before it; never so for version 1."""
        self.head = b""
        """The hash of the whole journal; of a torn one as far as it is whole."""
        self.links: list[Link] = []
        """One a minute or more often, at most: what the wall clock showed while the journal was written."""
        self._aead: Aead | None = None
        self._head_bytes = b""
        self.header: JournalHeader | None = None
        """None when the crash came before the header was whole."""
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
        if len(head) == HEADER_BYTES:
            self.header = JournalHeader.unpack(head, key)
            self._aead = self.header.suite.aead(key, self.header.salt, JOURNAL)
            self._head_bytes = head

    def records(self) -> Iterator[Record]:
        """Give all authentic records in the order of writing; then raise JournalDamaged if there was damage."""
        for block in self.blocks():
            try:
                yield from unpack_records(block)
            except ValueError:
                self.damaged = True
        if self.damaged:
            raise JournalDamaged

    def blocks(self) -> Iterator[bytes]:
        """Give the records of each authentic block as bytes, and learn `torn` and `damaged`."""
        self.torn, self.damaged, self.blocks_read, self.chain_holds, self.links = True, False, 0, False, []
        self.head = b""
        if self._aead is None or self.header is None:
            return
        chain = Chain(self.header.suite, self._head_bytes)
        self.chain_holds = self.header.chained
        try:
            with self.path.open("rb") as file:
                file.seek(HEADER_BYTES)
                yield from self._read(_Window(file), self._aead, chain)
        finally:
            self.head = chain.head
            self.chain_holds &= not self.damaged

    def _linked(self, chain: Chain, plain: bytes, block: bytes) -> bytes:
        """Compare a block's link with what was read before it; return its records."""
        link = unpack_link(plain)
        if self.header is None or not self.header.chained:
            return plain
        if link is None or link.before != chain.head:
            self.damaged = True
        if link is not None:
            chain.adopt(link.before)
            if not self.links or link.monotonic - self.links[-1].monotonic >= ANCHOR_SECONDS:
                self.links.append(link)
        chain.add(block)
        return plain[LINK_BYTES:] if link is not None else plain

    def _read(self, window: "_Window", aead: Aead, chain: Chain) -> Iterator[bytes]:
        expected = 0
        rescues = 0
        suspect = False
        while window.fill(BLOCK_HEADER_BYTES):
            header = BlockHeader.unpack(window.peek(BLOCK_HEADER_BYTES))
            cut = header is not None and not window.fill(BLOCK_HEADER_BYTES + header.length)
            plain = None
            if header is not None and not cut and header.counter >= expected:
                rescues += suspect
                size = BLOCK_HEADER_BYTES + header.length
                plain = open_block(aead, header, window.peek(size)[BLOCK_HEADER_BYTES:])
            if header is None or plain is None:
                # Bytes that are all zero or cut short are what a crash leaves; anything else at the end is damage.
                if not suspect and not cut and not window.rest_is_zero():
                    self.damaged = True
                suspect = True
                if rescues > _MAX_RESCUES or not window.find_next(BLOCK_MAGIC):
                    return
                continue
            self.damaged |= suspect or header.counter != expected
            suspect = False
            expected = header.counter + 1
            plain = self._linked(chain, plain, window.peek(BLOCK_HEADER_BYTES + header.length))
            window.skip(BLOCK_HEADER_BYTES + header.length)
            self.blocks_read += 1
            if header.kind == END:
                self.torn = False
            if header.kind in (DATA, END):
                yield plain
            if header.kind == END:
                self.damaged |= window.fill(1)
                return


class _Window:
    """Read a file through a moving window of bounded size."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = b""
        self._at = 0

    def fill(self, size: int) -> bool:
        """Make `size` bytes available; False when the file has fewer."""
        if len(self._data) - self._at < size:
            self._data = self._data[self._at :] + self._file.read(_WINDOW_BYTES)
            self._at = 0
        return len(self._data) - self._at >= size

    def peek(self, size: int) -> bytes:
        return self._data[self._at : self._at + size]

    def skip(self, size: int) -> None:
        self._at += size

    def find_next(self, mark: bytes) -> bool:
        """Go to the next place after this one that starts with `mark`."""
        self._at += 1
        while self.fill(len(mark)):
            found = self._data.find(mark, self._at)
            if found >= 0:
                self._at = found
                return True
            self._at = len(self._data) - len(mark) + 1
        return False

    def rest_is_zero(self) -> bool:
        """Tell whether only zeros follow; looks no further than the window."""
        self.fill(_WINDOW_BYTES)
        return not self._data[self._at :].strip(b"\0")
