"""Files of a finished recording, sealed in chunks that can be opened one by one.

    header  magic 8 | version 1 | cipher 1 | hash 1 | 0 1 | chunk size u32 | salt 16 | plain size u64 | tag 16
    chunk   up to 64 KiB sealed, tag 16 behind it; its nonce is its number

The header's tag covers the size, so a file that was cut off is noticed; a chunk's nonce is its place, so a moved
chunk is noticed too.
"""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag

from vwindow.errors import VWindowError
from vwindow.recording.seal import HEADER_NONCE, PLAYABLE, SALT_BYTES, nonce
from vwindow.recording.suite import DEFAULT, TAG_BYTES, Suite

CHUNK_BYTES = 64 * 1024
_MAGIC = b"VWSEALED"
_VERSION = 1
_HEADER = struct.Struct(f">8sB2sxI{SALT_BYTES}sQ")
HEADER_BYTES = _HEADER.size + TAG_BYTES
_STRIDE = CHUNK_BYTES + TAG_BYTES


class SealBroken(VWindowError):
    """Say that a sealed file was changed, cut off, or is not of this key."""

    def __init__(self) -> None:
        super().__init__("seal_broken")


class SealedWriter(io.RawIOBase):
    """Seal a stream of bytes into a file, chunk by chunk; nothing plain touches the disk.

    Writable and seekable as far as a muxer needs it: back into the first 64 KiB (headers that are patched at the
    end) and within the chunk that is being filled; any other seek raises OSError. Before `finish` the file has no
    header and cannot be opened. Created with mode 0600; raises OSError.
    """

    def __init__(self, path: Path, key: bytes, suite: Suite = DEFAULT) -> None:
        self._suite = suite
        self._salt = os.urandom(SALT_BYTES)
        self._aead = suite.aead(key, self._salt, PLAYABLE)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, 0o600)
        self._first = bytearray()
        self._filling = bytearray()
        self._chunk = 0
        """The chunk that is being filled; chunk 0 stays open to the end."""
        self._position = 0
        self._done = False

    @property
    def size(self) -> int:
        """Return the plain bytes written so far."""
        if self._chunk == 0:
            return len(self._first)
        return self._chunk * CHUNK_BYTES + len(self._filling)

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; see the class for where."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        target = start + offset
        if not 0 <= target <= self.size or CHUNK_BYTES <= target < self._chunk * CHUNK_BYTES:
            raise OSError("seek into a sealed chunk")
        self._position = target
        return target

    def write(self, data: object) -> int:
        """Put bytes at the position; OSError where a sealed chunk would change."""
        left = memoryview(data).cast("B")  # type: ignore[arg-type]
        total = len(left)
        while left:
            chunk, at = divmod(self._position, CHUNK_BYTES)
            if chunk == self._chunk + 1:
                self._next_chunk()
            if chunk not in (0, self._chunk):
                raise OSError("write into a sealed chunk")
            buffer = self._first if chunk == 0 else self._filling
            part = left[: CHUNK_BYTES - at]
            buffer[at : at + len(part)] = part
            self._position += len(part)
            left = left[len(part) :]
        return total

    def finish(self) -> int:
        """Seal what is open, write the header, sync; return the plain size."""
        size = self.size
        self._put(0, bytes(self._first))
        if self._chunk:
            self._put(self._chunk, bytes(self._filling))
        header = _HEADER.pack(_MAGIC, _VERSION, self._suite.pack(), CHUNK_BYTES, self._salt, size)
        _write_at(self._fd, header + self._aead.encrypt(HEADER_NONCE, b"", header), 0)
        os.fsync(self._fd)
        self._done = True
        return size

    def close(self) -> None:
        """Release the file; without `finish` before it stays unreadable."""
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _next_chunk(self) -> None:
        # Chunk 0 is kept back: a nonce must seal one text only, and its text still changes.
        if self._chunk:
            self._put(self._chunk, bytes(self._filling))
        self._filling = bytearray()
        self._chunk += 1

    def _put(self, chunk: int, plain: bytes) -> None:
        if self._done:
            raise OSError("the file is finished")
        _write_at(self._fd, self._aead.encrypt(nonce(chunk), plain, None), HEADER_BYTES + chunk * _STRIDE)


class SealedReader:
    """Open any part of a sealed file; safe to use from several threads. Raises OSError, SealBroken."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            head = os.pread(self._fd, HEADER_BYTES, 0)
            if len(head) < HEADER_BYTES:
                raise SealBroken
            magic, version, names, chunk_bytes, salt, size = _HEADER.unpack_from(head)
            suite = Suite.unpack(names)
            if magic != _MAGIC or version != _VERSION or chunk_bytes != CHUNK_BYTES or suite is None:
                raise SealBroken
            self._aead = suite.aead(key, salt, PLAYABLE)
            try:
                self._aead.decrypt(HEADER_NONCE, head[_HEADER.size :], head[: _HEADER.size])
            except InvalidTag:
                raise SealBroken from None
        except BaseException:
            os.close(self._fd)
            raise
        self.size: int = size
        """Plain bytes in the file."""
        self._cached = (-1, b"")

    def read(self, offset: int, length: int) -> bytes:
        """Return plain bytes from `offset`, fewer only at the end of the file; SealBroken when they were changed."""
        return b"".join(self.pieces(offset, length))

    def pieces(self, offset: int, length: int) -> Iterator[bytes]:
        """Give the same in pieces of at most 64 KiB, each opened when it is asked for."""
        at, end = max(0, offset), min(self.size, offset + length)
        while at < end:
            chunk, start = divmod(at, CHUNK_BYTES)
            piece = self._open(chunk)[start : start + end - at]
            yield piece
            at += len(piece)

    def close(self) -> None:
        """Release the file; idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, chunk: int) -> bytes:
        cached, plain = self._cached
        if cached == chunk:
            return plain
        expected = min(CHUNK_BYTES, self.size - chunk * CHUNK_BYTES)
        sealed = os.pread(self._fd, expected + TAG_BYTES, HEADER_BYTES + chunk * _STRIDE)
        try:
            plain = self._aead.decrypt(nonce(chunk), sealed, None)
        except (InvalidTag, ValueError):
            raise SealBroken from None
        if len(plain) != expected:
            raise SealBroken
        self._cached = (chunk, plain)
        return plain


class SealedStream(io.RawIOBase):
    """Show a sealed file as a readable, seekable stream, for a demuxer."""

    def __init__(self, reader: SealedReader) -> None:
        self._reader = reader
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._reader.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        wanted = self._reader.size if size < 0 else size
        data = self._reader.read(self._position, wanted)
        self._position += len(data)
        return data


def _write_at(fd: int, data: bytes, offset: int) -> None:
    while data:
        done = os.pwrite(fd, data, offset)
        offset += done
        data = data[done:]
