"""The file under a journal: the one place where a recording meets the disk while it runs."""

import os
from pathlib import Path
from typing import Protocol


class JournalFile(Protocol):
    """Bytes at places, made safe now and then; every method may raise OSError and may take long."""

    def write_at(self, data: bytes, offset: int) -> int:
        """Put bytes at `offset`; return how many were taken."""
        ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class DiskFile:
    """A new file of mode 0600, never over an old one; raises OSError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, 0o600)

    def write_at(self, data: bytes, offset: int) -> int:
        """Put bytes at `offset`; return how many were taken."""
        return os.pwrite(self._fd, data, offset)

    def sync(self) -> None:
        """Wait until all is on disk."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Release the file."""
        os.close(self._fd)


def sync_folder(folder: Path) -> None:
    """Put the names of a folder's files on disk; raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
