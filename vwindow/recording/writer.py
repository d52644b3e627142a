"""The thread that seals and writes a journal's blocks."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vwindow.recording.block import BLOCK_BYTES, DATA, END, HEADER_BYTES, JournalHeader, seal_block
from vwindow.recording.record import End, pack_end
from vwindow.recording.seal import JOURNAL, cipher
from vwindow.recording.sink import Backlog
from vwindow.sfu.ports import Written

SYNC_SECONDS = 1.0
LAST_TRIES = 3

log = logging.getLogger(__name__)


class JournalWriter:
    """Own a journal's file and its thread; everything it does in bulk happens in C, outside the interpreter lock.

    A block that could not be written (disk full, disk gone) is tried again every second at the same place, so the
    file never has a broken block in its middle; meanwhile the backlog fills and drops by its own rule.
    """

    def __init__(self, path: Path, fd: int, key: bytes, header: JournalHeader, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._fd = fd
        self._aead = cipher(key, header.salt, JOURNAL)
        self._monotonic = monotonic
        self._event = threading.Event()
        self._stopping = False
        self._ended = False
        self._counter = 0
        self._offset = HEADER_BYTES
        self._unwritten = b""
        self._unsynced = HEADER_BYTES
        self._written = Written(0, header.started_monotonic)
        self.failure = ""
        """Why the disk takes nothing now; empty when it does."""
        self.backlog = Backlog(self._event.set)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @property
    def written(self) -> Written:
        """Return what is on disk."""
        return self._written

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to write the rest and end; call `backlog.closed = True` before."""
        self._stopping = True
        self._event.set()

    def join(self) -> None:
        """Wait until the file is closed."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._write_until_stopped()
        except Exception:  # edge of a thread: the recording fails, the call goes on
            log.exception("journal writer ended with an error")
            self.failure = "broken"
            self.backlog.closed = True
        finally:
            os.close(self._fd)

    def _write_until_stopped(self) -> None:
        self._sync_name()
        due = self._monotonic() + SYNC_SECONDS
        while not self._stopping:
            self._event.wait(max(0.0, due - self._monotonic()))
            self._event.clear()
            if (now := self._monotonic()) < due:
                self._attempt(partial=False, sync=False)
            else:
                self._attempt(partial=True, sync=True)
                due = now + SYNC_SECONDS
        for attempt in range(LAST_TRIES):
            if attempt:
                time.sleep(SYNC_SECONDS)
            if self._attempt(partial=True, sync=False) and self._write_end():
                return
        log.error("journal left without its end: %s", self.failure)

    def _sync_name(self) -> None:
        # Without this a new file's name may be gone after a power cut, however well its bytes were synced.
        try:
            sync_folder(self._path.parent)
        except OSError as error:
            log.warning("folder of the journal cannot be synced: %s", error.strerror)

    def _write_end(self) -> bool:
        if not self._ended:
            backlog = self.backlog
            end = End(self._monotonic(), backlog.dropped_video, backlog.dropped_audio)
            self._seal(END, pack_end(end))
            self._ended = True
        return self._attempt(partial=False, sync=True)

    def _attempt(self, *, partial: bool, sync: bool) -> bool:
        """Write what waits; tell whether the disk took all of it."""
        try:
            self._flush()
            while (waiting := self.backlog.waiting) >= BLOCK_BYTES or (partial and waiting):
                self._seal(DATA, b"".join(self.backlog.take(BLOCK_BYTES)))
                self._flush()
            if sync and self._unsynced:
                os.fsync(self._fd)
                self._written = Written(self._written.bytes_total + self._unsynced, self._monotonic())
                self._unsynced = 0
        except OSError as error:
            reason = error.strerror or "error"
            if reason != self.failure:
                log.error("journal cannot be written: %s", reason)
            self.failure = reason
            return False
        if self.failure:
            log.warning("journal is written again")
            self.failure = ""
        return True

    def _seal(self, kind: int, plain: bytes) -> None:
        self._unwritten = seal_block(self._aead, kind, self._counter, plain)
        self._counter += 1

    def _flush(self) -> None:
        while self._unwritten:
            done = os.pwrite(self._fd, self._unwritten, self._offset)
            self._offset += done
            self._unsynced += done
            self._unwritten = self._unwritten[done:]


def sync_folder(folder: Path) -> None:
    """Put the names of a folder's files on disk; raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
