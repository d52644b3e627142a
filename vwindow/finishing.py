"""Turn whole journals into playable recordings: one finisher process at a time, at low priority."""

import asyncio
import contextlib
import json
import logging
import sys
from pathlib import Path
from typing import Any, Protocol

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


class RecordingBook(Protocol):
    """Where recordings are kept account of."""

    async def journals_to_finish(self) -> list[RecordingId]: ...

    async def journals(self, recording: RecordingId) -> list[Path]: ...

    async def recording_key(self, recording: RecordingId) -> bytes: ...

    async def recording_finished(self, recording: RecordingId, result: dict[str, Any]) -> None: ...

    async def recording_failed(self, recording: RecordingId, code: str) -> None: ...


class Finishing:
    """Own the queue of journals that are whole."""

    def __init__(self, book: RecordingBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._queue: asyncio.Queue[RecordingId] = asyncio.Queue(maxsize=WAITING)
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
        try:
            async with asyncio.timeout(patience):
                await self._queue.join()
        except TimeoutError:
            log.warning("%d journals are left for the next start", self._queue.qsize() + 1)
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            recording = await self._queue.get()
            try:
                await self._keep(recording, await self._result(recording))
            except VWindowError as error:
                # The journal is there: the next start tries again.
                log.error("recording %s is not entered: %s", recording, error.code)
            finally:
                self._queue.task_done()

    async def _result(self, recording: RecordingId) -> dict[str, Any]:
        try:
            return await self._finish(recording)
        except (OSError, ValueError, TimeoutError) as error:
            log.error("recording %s could not be finished: %s", recording, error)
            return {"ok": False, "code": "finisher_broken"}

    async def _keep(self, recording: RecordingId, result: dict[str, Any]) -> None:
        if result.get("ok"):
            self.finished += 1
            await self._book.recording_finished(recording, result)
            log.info("recording %s is ready (%.1f s)", recording, float(result.get("duration", 0)))
        else:
            self.failed += 1
            await self._book.recording_failed(recording, str(result.get("code", "finisher_broken")))
            log.error("recording %s failed: %s", recording, result.get("code"))

    async def _finish(self, recording: RecordingId) -> dict[str, Any]:
        journals = await self._book.journals(recording)
        key = await self._book.recording_key(recording)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vwindow.recording.finisher",
            *map(str, journals),
            str(journals[0].parent),
            "--delete-journal",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
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
