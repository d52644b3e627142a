"""Slow work in order: one lane per call and kind, so that no call waits for another one's disk or worker."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from vwindow.desk.settings import DeskSettings
from vwindow.desk.timers import Later, pause
from vwindow.errors import Refused, Unavailable
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

T = TypeVar("T")
Job = Callable[[], Awaitable[None]]

LANE_SIZE = 256
"""Jobs of one lane; beyond this the newest droppable one is dropped."""
RESERVE = 32
"""Room for those that are not droppable: a call has about ten in its life."""


async def persist(work: Callable[[], Awaitable[T]], later: Later, pauses: Sequence[float]) -> T:
    """Try a few times; raises the last error. What was refused is refused at once."""
    for seconds in pauses:
        try:
            return await work()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - an edge: the store may fail in any way, and comes back
            log.warning("will be tried again in %s s: %r", seconds, error)
        await pause(later, seconds)
    return await work()


class Lane:
    """Jobs one after the other."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[str, Job]] = deque(maxlen=LANE_SIZE + RESERVE)

    def add(self, name: str, job: Job, *, once: bool = False, droppable: bool = False) -> bool:
        """Append a job; with `once` it takes the very place of a waiting one of the same name."""
        if once:
            for index, (waiting, _) in enumerate(self.jobs):
                if waiting == name:
                    self.jobs[index] = (name, job)
                    return True
        if droppable and len(self.jobs) >= LANE_SIZE:
            return False
        self.jobs.append((name, job))
        return True


class Lanes:
    """All lanes that have work; a lane without work does not exist."""

    def __init__(self, tasks: TaskSet, later: Later, settings: DeskSettings) -> None:
        self._tasks = tasks
        self._later = later
        self._settings = settings
        self._lanes: dict[str, Lane] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self.dropped = 0
        self.stuck = 0
        """Writes that wait for a ledger which failed them."""

    def __len__(self) -> int:
        return len(self._lanes)

    def add(self, lane: str, name: str, job: Job, *, once: bool = False, droppable: bool = False) -> None:
        """Give a job to a lane; see LANE_SIZE for what is dropped."""
        found = self._lanes.get(lane)
        if found is None:
            found = self._lanes[lane] = Lane()
            self._empty.clear()
            found.add(name, job)
            self._tasks.start(self._work(lane, found), lane)
        elif not found.add(name, job, once=once, droppable=droppable):
            self.dropped += 1
            log.error("lane %s is full: %s dropped", lane, name)

    async def keep(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what must not be lost: tried again without end, ever more seldom, while disk or database fail.

        What was refused is refused at once; what fails in any other way is given up after a few tries.
        """
        pauses = self._settings.write_pauses
        tries = 0
        try:
            while True:
                try:
                    return await work()
                except Refused:
                    raise
                except Exception as error:
                    if tries >= len(pauses) and not isinstance(error, Unavailable | OSError):
                        raise
                    seconds = pauses[tries] if tries < len(pauses) else self._settings.longest_pause
                    log.warning("will be tried again in %s s: %r", seconds, error)
                self.stuck += tries == 0
                tries += 1
                await pause(self._later, seconds)
        finally:
            self.stuck -= tries > 0

    async def _work(self, name: str, lane: Lane) -> None:
        try:
            while lane.jobs:
                what, job = lane.jobs.popleft()
                try:
                    await job()
                except Exception:  # one job that fails must not keep back the next ones
                    log.exception("%s of %s failed", what, name)
        finally:
            del self._lanes[name]
            if not self._lanes:
                self._empty.set()

    async def flush(self, lane: str) -> None:
        """Wait until what a lane holds now is done."""
        if lane not in self._lanes:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def mark() -> None:
            if not done.done():
                done.set_result(None)

        self.add(lane, "flush", mark)
        await done

    async def idle(self) -> None:
        """Wait until no lane has work."""
        await self._empty.wait()
