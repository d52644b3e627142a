"""Recordings that are running: one append-only sealed journal per room."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from vwindow.recording.block import JournalHeader
from vwindow.recording.record import MAX_TRACKS, Track, pack_track
from vwindow.recording.seal import SALT_BYTES
from vwindow.recording.sink import JournalSink
from vwindow.recording.writer import JournalWriter
from vwindow.sfu.ports import Format, Sink, SourceName, Written


class JournalRecording:
    """Record a room; lives on the event loop, while its writer has a thread of its own."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
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

    async def close(self) -> None:
        """Write and sync what waits and the end of the journal; idempotent."""
        self._writer.backlog.closed = True
        self._writer.stop()
        await asyncio.to_thread(self._writer.join)


class JournalRecorder:
    """Open journals; `monotonic` must be the clock of the packets' arrivals."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic

    def open(self, path: str, key: bytes, started_wall: float) -> JournalRecording:
        """Create a journal (never over an old one, mode 0600) and start its writer.

        Raises OSError, and ValueError unless the key has 32 bytes.
        """
        header = JournalHeader(os.urandom(SALT_BYTES), started_wall, self._monotonic())
        sealed = header.pack(key)
        place = Path(path)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(place, flags, 0o600)
        try:
            os.pwrite(fd, sealed, 0)
        except OSError:
            os.close(fd)
            place.unlink(missing_ok=True)
            raise
        writer = JournalWriter(place, fd, key, header, self._monotonic)
        writer.start()
        return JournalRecording(writer)
