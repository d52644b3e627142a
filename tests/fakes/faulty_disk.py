"""A disk that can become full, slow, or be gone, under journals that are real files."""

import errno
import os
import threading
from pathlib import Path
from typing import Literal

from vwindow.recording.disk import DiskFile

Trouble = Literal["", "full", "slow", "gone", "forgets"]


class FaultyDisk:
    """Make journal files; `trouble` is what happens to all of them from now on.

    full: half of what is written is taken, then ENOSPC; slow: a sync does not return; gone: EIO for everything;
    forgets: a sync fails, and what was written since the last good one is lost.
    """

    def __init__(self) -> None:
        self.trouble: Trouble = ""
        self.mended = threading.Event()
        self.mended.set()

    def create(self, path: Path) -> "FaultyFile":
        return FaultyFile(self, path)

    def break_down(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.mended.clear()

    def mend(self) -> None:
        self.trouble = ""
        self.mended.set()


class FaultyFile:
    def __init__(self, disk: FaultyDisk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._inner = DiskFile(path)
        self._safe = 0
        self._end = 0

    def write_at(self, data: bytes, offset: int) -> int:
        if self._disk.trouble == "full":
            self._inner.write_at(data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._disk.trouble == "gone":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done = self._inner.write_at(data, offset)
        self._end = max(self._end, offset + done)
        return done

    def sync(self) -> None:
        if self._disk.trouble == "slow":
            self._disk.mended.wait()
        if self._disk.trouble == "gone":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self._disk.trouble == "forgets":
            with self._path.open("r+b") as file:
                file.seek(self._safe)
                file.write(bytes(self._end - self._safe))
            self._disk.mend()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._inner.sync()
        self._safe = self._end

    def close(self) -> None:
        self._inner.close()
