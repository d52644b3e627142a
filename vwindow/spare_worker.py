"""A worker process that is ready but for its orders: what it imports takes longer than all else of a start.

As a program it waits for one line, the arguments of `vwindow worker` as JSON, and becomes that worker; without a line
its server has gone, and it goes too.
"""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence

from vwindow.child_environment import child_environment
from vwindow.tasks import TaskSet

REST_SECONDS = 10.0
"""After one is taken: the machine has a worker to start and calls to take back before the next spare one."""


class SpareWorker:
    """Keep one process ready and start workers, with it or without."""

    def __init__(self) -> None:
        self._tasks = TaskSet("spare-worker", limit=4)
        self._waiting: Process | None = None

    def prepare(self, after: float = 0.0) -> None:
        """Have a process ready some time from now; one that is there is enough."""
        if not len(self._tasks):
            self._tasks.start(self._prepare(after), "prepare")

    async def launch(self, arguments: Sequence[str], *, fresh: bool = False) -> Process:
        """Start a worker; `fresh` with the program as it is installed now. Raises OSError."""
        spare, self._waiting = self._waiting, None
        if fresh and spare is not None:
            await _end(spare)  # it has the old program
            spare = None
        self.prepare(REST_SECONDS)
        if spare is not None and await _become(spare, arguments):
            return spare
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vwindow", "worker", *arguments, start_new_session=True, env=child_environment()
        )

    async def close(self) -> None:
        """End the process that waits."""
        await self._tasks.close()
        if self._waiting is not None:
            await _end(self._waiting)
            self._waiting = None

    async def _prepare(self, after: float) -> None:
        await asyncio.sleep(after)
        if self._waiting is not None and self._waiting.returncode is None:
            return
        self._waiting = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "vwindow.spare_worker",
            start_new_session=True,
            stdin=asyncio.subprocess.PIPE,
            env=child_environment(),
        )


async def _become(spare: Process, arguments: Sequence[str]) -> bool:
    """Give a process its arguments; False when it has died."""
    assert spare.stdin is not None
    if spare.returncode is not None:
        return False
    try:
        spare.stdin.write(json.dumps(list(arguments)).encode() + b"\n")
        await spare.stdin.drain()
        spare.stdin.close()
    except OSError:
        await _end(spare)
        return False
    return True


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _wait() -> int:
    import vwindow.recording.journal
    import vwindow.recording.suite
    import vwindow.sfu.worker  # noqa: F401  the reason for being here
    from vwindow.__main__ import main

    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return main(["worker", *json.loads(line)])


if __name__ == "__main__":
    sys.exit(_wait())
