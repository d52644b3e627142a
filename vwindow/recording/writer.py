"""The thread that seals and writes a journal's blocks."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vwindow.recording.block import BLOCK_BYTES, DATA, END, JournalHeader, seal_block
from vwindow.recording.chain import Chain
from vwindow.recording.disk import JournalFile, sync_folder
from vwindow.recording.record import End, Link, pack_end, pack_link
from vwindow.recording.seal import JOURNAL
from vwindow.recording.sink import Backlog
from vwindow.sfu.ports import Written

SYNC_SECONDS = 1.0
LAST_TRIES = 3
KEEP_BYTES = 4 * 1024 * 1024
"""Written and not yet synced: kept in memory until it is, then it is synced at once."""

log = logging.getLogger(__name__)


class JournalWriter:
    """Own a journal's file and its thread; everything it does in bulk happens in C, outside the interpreter lock.

    A block that could not be written (disk full, disk gone) is tried again every second at the same place, so the
    file never has a broken block in its middle; meanwhile the backlog fills and drops by its own rule. After a sync
    that failed, what was not synced is written again: the system may have thrown it away.
    """

    def __init__(
        self,
        path: Path,
        file: JournalFile,
        key: bytes,
        header: JournalHeader,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._path = path
        self._file = file
        self._aead = header.suite.aead(key, header.salt, JOURNAL)
        self._monotonic = monotonic
        self._wall = wall
        self._event = threading.Event()
        self._stopping = False
        self._ended = False
        self._counter = 0
        sealed = header.pack(key)
        self._chain = Chain(header.suite, sealed)
        self._offset = 0
        self._unwritten = sealed
        self._kept: list[tuple[int, bytes]] = [(0, sealed)]
        self._kept_bytes = len(sealed)
        self._suspect = False
        self._unsynced = 0
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
        """Write the header, then start the thread; raises OSError."""
        self._flush()
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to write the rest and end; call `backlog.closed = True` before."""
        self._stopping = True
        self._event.set()

    def join(self, seconds: float) -> bool:
        """Wait until the file is closed; False when the disk did not answer in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._write_until_stopped()
        except Exception:  # edge of a thread: the recording fails, the call goes on
            log.exception("journal writer ended with an error")
            self.failure = "broken"
            self.backlog.closed = True
        finally:
            self._close()

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            self.failure = error.strerror or "error"
            log.error("journal cannot be closed: %s", self.failure)

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
                if self._kept_bytes >= KEEP_BYTES:
                    self._sync()
                self._seal(DATA, b"".join(self.backlog.take(BLOCK_BYTES)))
                self._flush()
            if sync and self._unsynced:
                self._sync()
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
        link = pack_link(Link(self._chain.head, self._monotonic(), self._wall()))
        block = seal_block(self._aead, kind, self._counter, link + plain)
        self._chain.add(block)
        self._unwritten = block
        self._kept.append((self._offset, block))
        self._kept_bytes += len(block)
        self._counter += 1

    def _flush(self) -> None:
        while self._unwritten:
            done = self._file.write_at(self._unwritten, self._offset)
            self._offset += done
            self._unsynced += done
            self._unwritten = self._unwritten[done:]

    def _sync(self) -> None:
        try:
            if self._suspect:
                for offset, block in self._kept:
                    self._rewrite(block, offset)
            self._file.sync()
        except OSError:
            self._suspect = True
            raise
        self._suspect = False
        self._kept.clear()
        self._kept_bytes = 0
        self._written = Written(self._written.bytes_total + self._unsynced, self._monotonic())
        self._unsynced = 0

    def _rewrite(self, block: bytes, offset: int) -> None:
        while block:
            done = self._file.write_at(block, offset)
            offset += done
            block = block[done:]
