"""A room's running recording: its sinks, what is really on disk, and what goes wrong with it."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from vwindow.sfu.control import Event, RecordingFailed, RecordingProgress
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.ports import Recording, Sink

log = logging.getLogger(__name__)

RECENT = 3
"""Seconds without a byte on disk, while packets come, after which a recording is stalled."""
SEEK = 10
"""Seconds between keyframes asked for while recording: a player can only jump to keyframes."""
RESUME_SECONDS = 0.5
"""After a pause: a keyframe asked for earlier might come while the recorder still holds all for secret."""


class RoomRecording:
    """Attach one sink of a recording to each source of a room and report once a second."""

    def __init__(self, room: str, recording: str, inner: Recording, emit: Callable[[Event], None], now: float) -> None:
        self._room = room
        self.recording = recording
        self._inner = inner
        self._emit = emit
        self._sinks: list[tuple[Ingest, Sink]] = []
        self._totals: deque[int] = deque([0], maxlen=RECENT + 1)
        self._failed = False
        self.suspended_by: list[str] = []
        """Who has suspended it; nothing is kept while somebody is named."""
        self._resumed = now
        self._keyframes_due = float("inf")
        self._ticks = 0

    def attach(self, source: Ingest) -> None:
        """Record a source from now on, beginning with a keyframe."""
        if any(known is source for known, _ in self._sinks):
            return
        try:
            sink = self._inner.sink(source.name, source.format)
        except Exception as error:  # noqa: BLE001  edge: a recorder that fails must not end the call
            self._fail(error)
            return
        self._sinks.append((source, sink))
        source.attach(sink)
        source.request_keyframe()

    def suspend(self, by: Sequence[str], now: float) -> None:
        """Keep nothing while somebody is named, else go on, and say so at once; a failure is told as an event."""
        try:
            if by:
                self._inner.pause()
            else:
                self._inner.resume()
        except Exception as error:  # noqa: BLE001  edge: as above; but what is to be kept secret is not kept
            for source, sink in self._sinks:
                source.detach(sink)
            self._fail(error)
            return
        # Pictures begin again with a keyframe of their own, but not with one that was made within the pause.
        if self.suspended_by and not by:
            self._keyframes_due = now + RESUME_SECONDS
            self._resumed = now
        self.suspended_by = list(by)
        self._report(now)

    def tick(self, now: float) -> None:
        """Report what is on disk; once a second."""
        self._ticks += 1
        if self._ticks % SEEK == 0 or now >= self._keyframes_due:
            self._keyframes_due = float("inf")
            for source, _ in self._sinks:
                source.request_keyframe()
        self._totals.append(self._inner.written().bytes_total)
        self._report(now)

    def _report(self, now: float) -> None:
        written, paused = self._inner.written(), bool(self.suspended_by)
        last_packet = max((source.last_packet for source, _ in self._sinks), default=float("-inf"))
        idle = now - max(written.last_write, self._resumed)
        self._emit(
            RecordingProgress(
                room=self._room,
                recording=self.recording,
                bytes_total=written.bytes_total,
                bytes_recent=max(0, written.bytes_total - self._totals[0]),
                stalled=bool(self._inner.failure) or (idle > RECENT and now - last_packet < RECENT and not paused),
                paused=paused,
            )
        )

    async def close(self) -> None:
        """Detach all sinks and make the journal whole; a failure is told as an event."""
        sinks, self._sinks = self._sinks, []
        for source, sink in sinks:
            source.detach(sink)
        try:
            for _, sink in sinks:
                sink.close()
            await self._inner.close()
        except Exception as error:  # noqa: BLE001  edge: as above; the room must close all the same
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        log.error("recording %s failed", self.recording, exc_info=error)
        if not self._failed:
            self._failed = True
            self._emit(failure(self._room, self.recording, error))


def failure(room: str, recording: str, error: Exception) -> RecordingFailed:
    """Say that a recording could not be opened, written or closed."""
    return RecordingFailed(room=room, recording=recording, message=type(error).__name__)
