"""Turn whole journals into playable recordings: one finisher process at a time, at low priority."""

import asyncio
import contextlib
import json
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from vwindow.child_environment import child_environment
from vwindow.clock import Clock
from vwindow.errors import VWindowError
from vwindow.ids import RecordingId
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

WAITING = 10_000
"""Beyond this a journal is left for the next start, which looks for unfinished ones."""
FINISH_SECONDS = 3600.0
STOP_SECONDS = 15.0
"""How long a stop of the server waits for the recordings of the last calls."""
PAUSES = (5.0, 30.0, 120.0, 600.0, 1800.0)
"""Before each further try, in seconds; after the last one a journal that still cannot be finished has failed."""
HOPELESS = frozenset({"wrong_key", "journal_unreadable"})
"""What no further try mends."""
OUTSIDE = frozenset({"disk", "busy", "no_process", "database_unavailable"})
"""What says nothing about the journal: tried again without end."""


class RecordingBook(Protocol):
    """Where recordings are kept account of."""

    async def journals_to_finish(self) -> list[RecordingId]: ...

    async def journals(self, recording: RecordingId) -> list[Path]: ...

    async def recording_key(self, recording: RecordingId) -> bytes: ...

    async def recording_finished(self, recording: RecordingId, result: dict[str, Any]) -> None: ...

    async def recording_failed(self, recording: RecordingId, code: str) -> None: ...


class Finishing:
    """Own the queue of journals that are whole."""

    def __init__(self, book: RecordingBook, clock: Clock, pauses: Sequence[float] = PAUSES) -> None:
        self._book = book
        self._clock = clock
        self._pauses = pauses
        self._queue: asyncio.Queue[RecordingId] = asyncio.Queue(maxsize=WAITING)
        self._later: dict[RecordingId, asyncio.TimerHandle] = {}
        self._tries: Counter[RecordingId] = Counter()
        self._tasks = TaskSet("finishing", limit=4)
        self._process: asyncio.subprocess.Process | None = None
        self.finished = 0
        self.failed = 0

    async def start(self) -> None:
        """Queue what an earlier run left and begin."""
        for recording in await self._book.journals_to_finish():
            self.add(recording)
        self._tasks.start(self._run(), "run")

    def add(self, recording: RecordingId) -> None:
        """Queue a journal."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(recording)

    async def stop(self, patience: float = STOP_SECONDS) -> None:
        """Finish what is queued, for at most `patience` seconds; what is left stays for the next start."""
        left = 0
        try:
            async with asyncio.timeout(patience):
                await self._queue.join()
        except TimeoutError:
            left = self._queue.qsize() + 1
        await self._tasks.close()
        left += len(self._later)
        for handle in self._later.values():
            handle.cancel()
        self._later.clear()
        if left:
            log.warning("%d journals are left for the next start", left)

    async def _run(self) -> None:
        while True:
            recording = await self._queue.get()
            try:
                await self._turn(recording)
            finally:
                self._queue.task_done()

    async def _turn(self, recording: RecordingId) -> None:
        try:
            result = await self._result(recording)
            code = "" if result.get("ok") else str(result.get("code", "finisher_broken"))
            if not code:
                await self._ready(recording, result)
            elif code in HOPELESS or (code not in OUTSIDE and self._tries[recording] >= len(self._pauses)):
                await self._failed(recording, code)
            else:
                self._again(recording, code)
        except Exception as error:  # noqa: BLE001 - an edge: one turn that fails, however, must not end all others
            self._again(recording, error.code if isinstance(error, VWindowError) else repr(error))

    def _again(self, recording: RecordingId, code: str) -> None:
        """Leave the journal as it is and come back to it later; beyond WAITING that is at the next start."""
        self._tries[recording] += 1
        seconds = self._pauses[min(self._tries[recording], len(self._pauses)) - 1]
        log.error("recording %s is tried again in %.0f s: %s", recording, seconds, code)
        if len(self._later) < WAITING:
            self._later[recording] = asyncio.get_running_loop().call_later(seconds, self._back, recording)

    def _back(self, recording: RecordingId) -> None:
        self._later.pop(recording, None)
        self.add(recording)

    async def _ready(self, recording: RecordingId, result: dict[str, Any]) -> None:
        await self._book.recording_finished(recording, result)
        self._tries.pop(recording, None)
        self.finished += 1
        log.info("recording %s is ready (%.1f s)", recording, float(result.get("duration", 0)))
        if not result.get("damaged"):
            await self._drop_journals(recording)

    async def _drop_journals(self, recording: RecordingId) -> None:
        """Delete what the files were made of, now that the store names them; a damaged journal is kept."""
        try:
            for journal in await self._book.journals(recording):
                await asyncio.to_thread(journal.unlink, missing_ok=True)
        except (VWindowError, OSError) as error:
            log.warning("recording %s: its journal stays: %s", recording, error)

    async def _failed(self, recording: RecordingId, code: str) -> None:
        await self._book.recording_failed(recording, code)
        self._tries.pop(recording, None)
        self.failed += 1
        log.error("recording %s failed: %s", recording, code)

    async def _result(self, recording: RecordingId) -> dict[str, Any]:
        try:
            return await self._finish(recording)
        except TimeoutError:
            return {"ok": False, "code": "finisher_slow"}
        except OSError as error:
            log.error("recording %s: no finisher: %s", recording, error)
            return {"ok": False, "code": "no_process"}
        except ValueError as error:
            log.error("recording %s could not be finished: %s", recording, error)
            return {"ok": False, "code": "finisher_broken"}

    async def _finish(self, recording: RecordingId) -> dict[str, Any]:
        journals = await self._book.journals(recording)
        key = await self._book.recording_key(recording)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vwindow.recording.finisher",
            *map(str, journals),
            str(journals[0].parent),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(),
            # A Ctrl-C at the terminal is for the server, which waits for us.
            start_new_session=True,
        )
        try:
            out, _ = await asyncio.wait_for(self._process.communicate(key.hex().encode()), FINISH_SECONDS)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            raise
        lines = out.decode().strip().splitlines()
        if not lines:
            raise ValueError(f"the finisher ended with status {self._process.returncode} and no word")
        result: dict[str, Any] = json.loads(lines[-1])
        return result
