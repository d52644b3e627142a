"""Tasks that somebody owns, names and ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

PATIENCE = 0.5
"""Seconds after which a task that is still there is cancelled again."""

log = logging.getLogger(__name__)


class TaskSet:
    """Own a bounded set of tasks; end them all together.

    Raises RuntimeError when more than `limit` tasks are alive: an owner that leaks tasks must be heard.
    """

    def __init__(self, name: str, *, limit: int = 1000) -> None:
        self.name = name
        self._limit = limit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start work as a named task of this set."""
        if self._closed or len(self._tasks) >= self._limit:
            work.close()
            raise RuntimeError(f"task set {self.name}: closed or full")
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}:{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s ended with an error", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel all tasks and wait until they are gone."""
        self._closed = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        while tasks:
            for task in tasks:
                task.cancel()
            # asyncio.wait_for may swallow a cancellation that comes with its result: ask again until all are gone.
            _, left = await asyncio.wait(tasks, timeout=PATIENCE)
            tasks = list(left)
