"""The process of a media worker, whichever server started it: looked at and ended by its file descriptor."""

import asyncio
import contextlib
import os
import select
import signal


class WorkerProcess:
    """Name one process and never another one that got its number later.

    Raises OSError when there is no such process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        if self._fd < 0:
            return False
        return not select.select([self._fd], [], [], 0)[0]

    def kill(self) -> None:
        """End it at once, with all that it holds."""
        if self._fd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)

    async def gone(self, seconds: float) -> bool:
        """Wait for its end; return whether it came in time."""
        if not self.alive:
            return True
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_reader(self._fd, over.set)
        try:
            async with asyncio.timeout(seconds):
                await over.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._fd)
        return True

    async def bury(self, seconds: float) -> None:
        """Wait for its end, kill it when that takes too long, and let go of it."""
        if not await self.gone(seconds):
            self.kill()
            await self.gone(seconds)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
