"""Tasks that somebody owns, names and ends: the agent's own, since it shares nothing with the server."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

PATIENCE = 1.2
"""Longer than any of our tasks needs to clean up."""


class TaskSet:
    """Own a bounded set of tasks; end them all together.

    Raises RuntimeError when more than `limit` tasks are alive: an owner that leaks tasks must be heard.
    """

    def __init__(self, name: str, *, limit: int = 100, patience: float = PATIENCE) -> None:
        self.name = name
        self._patience = patience
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

    def adopt(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **named: Any) -> asyncio.Task[Any]:
        """Start work the way engineio does it: in place of its `start_background_task`, which owns nothing."""
        return self.start(work(*args, **named), getattr(work, "__name__", "work"))

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s ended with an error", task.get_name(), exc_info=error)

    async def drain(self) -> None:
        """Wait until all tasks have ended by themselves."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cancel all tasks and wait until they are gone."""
        self._closed = True
        tasks = {task for task in self._tasks if task is not asyncio.current_task()}
        # Until Python 3.12 asyncio.wait_for may swallow a cancellation that comes with its result: ask again.
        while tasks:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=self._patience)
