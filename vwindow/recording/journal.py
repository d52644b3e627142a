"""Recordings that are running: one append-only sealed journal per room."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from vwindow.recording.block import JournalHeader
from vwindow.recording.disk import DiskFile, JournalFile
from vwindow.recording.record import MAX_TRACKS, Pause, Track, pack_pause, pack_track
from vwindow.recording.seal import SALT_BYTES
from vwindow.recording.sink import JournalSink
from vwindow.recording.suite import DEFAULT, KEY_BYTES, Suite
from vwindow.recording.writer import JournalWriter
from vwindow.sfu.ports import Format, Sink, SourceName, Written

CLOSE_SECONDS = 10.0
"""A disk that hangs must not keep a room open."""


class JournalRecording:
    """Record a room; lives on the event loop, while its writer has a thread of its own."""

    def __init__(self, writer: JournalWriter, monotonic: Callable[[], float]) -> None:
        self._writer = writer
        self._monotonic = monotonic
        self._tracks = 0

    @property
    def failure(self) -> str:
        """Return why nothing reaches the disk now; empty when all is well."""
        return self._writer.failure

    @property
    def dropped(self) -> tuple[int, int]:
        """Return the video and audio packets that were dropped because the disk was too slow."""
        return self._writer.backlog.dropped_video, self._writer.backlog.dropped_audio

    def sink(self, source: SourceName, format: Format) -> Sink:
        """Open a new track for a source; RuntimeError beyond 65,535 tracks."""
        if self._tracks >= MAX_TRACKS:
            raise RuntimeError("too many tracks in one recording")
        self._tracks += 1
        backlog = self._writer.backlog
        if not backlog.closed:
            backlog.append(pack_track(Track(self._tracks, source, format)))
        return JournalSink(backlog, self._tracks, format)

    def written(self) -> Written:
        """Return bytes that are synced to disk, and when the last of them were."""
        return self._writer.written

    def pause(self) -> None:
        """Keep nothing from now on; idempotent."""
        self._mark(begins=True)

    def resume(self) -> None:
        """Keep what is made from now on; idempotent."""
        self._mark(begins=False)

    def _mark(self, *, begins: bool) -> None:
        backlog = self._writer.backlog
        if begins == backlog.paused or backlog.closed:
            return
        now = self._monotonic()
        backlog.append(pack_pause(Pause(begins, now)))
        backlog.paused = begins
        if not begins:
            backlog.resumed_at = now

    async def close(self) -> None:
        """Write and sync what waits and the end of the journal; idempotent.

        Raises TimeoutError when the disk does not answer; its thread goes on by itself.
        """
        self._writer.backlog.closed = True
        self._writer.stop()
        if not await asyncio.to_thread(self._writer.join, CLOSE_SECONDS):
            raise TimeoutError("the disk does not answer")


class JournalRecorder:
    """Open journals; `monotonic` must be the clock of the packets' arrivals, `wall` gives Unix seconds."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        suite: Suite = DEFAULT,
        *,
        wall: Callable[[], float] = time.time,
        create: Callable[[Path], JournalFile] = DiskFile,
        root: Path | None = None,
    ) -> None:
        """`root`: the only folder that journals may be in, whoever orders them."""
        self._root = root.resolve() if root is not None else None
        self._monotonic = monotonic
        self._suite = suite
        self._wall = wall
        self._create = create

    def open(self, path: str, key: bytes, started_wall: float) -> JournalRecording:
        """Create a journal (never over an old one, mode 0600) and start its writer.

        `path` may be relative to the root. Raises OSError, and ValueError unless the key has 32 bytes and the path is
        that of a journal within the root.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        header = JournalHeader(os.urandom(SALT_BYTES), started_wall, self._monotonic(), self._suite)
        place = Path(path) if self._root is None else _within(self._root, path)
        file = self._create(place)
        try:
            writer = JournalWriter(place, file, key, header, self._monotonic, self._wall)
            writer.start()
        except OSError:
            file.close()
            place.unlink(missing_ok=True)
            raise
        return JournalRecording(writer, self._monotonic)


def _within(root: Path, path: str) -> Path:
    """Return the place of a journal; links and ".." are followed before it is judged."""
    place = (root / path).resolve()
    if not place.is_relative_to(root) or place.suffix != ".journal":
        raise ValueError("not a journal within the folder of the recordings")
    return place
