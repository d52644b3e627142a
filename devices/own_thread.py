"""One thread for a library that blocks: every call of a device is made there, in order, and never on the loop."""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")
log = logging.getLogger(__name__)

MAX_WAITING = 16
JOIN_SECONDS = 1.5


class OwnThread:
    """Run blocking calls one after the other; one that hangs is left behind with its thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(MAX_WAITING + 1)
        self._thread: threading.Thread | None = None
        self._last: Callable[[], object] = lambda: None

    async def call(self, function: Callable[..., Result], *given: Any) -> Result:
        """Make a call on the thread and return what it returns or raises.

        A cancelled call still ends on the thread; its result is dropped. Raises RuntimeError when 16 calls wait.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()

        def settle(setter: Callable[[], None]) -> None:
            def on_loop() -> None:
                if not done.done():
                    setter()

            # The loop may be closed by now: then nobody waits for the result.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(on_loop)

        def job() -> None:
            if done.cancelled():
                return
            try:
                result = function(*given)
            except BaseException as error:  # noqa: BLE001  it belongs to the caller, whatever it is
                settle(partial(done.set_exception, error))
            else:
                settle(partial(done.set_result, result))

        if self._jobs.qsize() >= MAX_WAITING:
            raise RuntimeError(f"{self._name}: too many calls wait")
        self._jobs.put_nowait(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"device:{self._name}", daemon=True)
            self._thread.start()
        return await done

    async def close(self, last: Callable[[], object] = lambda: None) -> None:
        """Let the thread end after the call that it is in, with `last` as its last; one that hangs is left behind.

        Idempotent.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._last = last
        self._jobs.put_nowait(None)
        await asyncio.to_thread(thread.join, JOIN_SECONDS)
        if thread.is_alive():
            log.error("%s: its thread hangs in the driver and is left behind", self._name)
            self._jobs = queue.Queue(MAX_WAITING + 1)

    def _run(self) -> None:
        jobs = self._jobs
        while (job := jobs.get()) is not None:
            job()
        try:
            self._last()
        except Exception:  # a broken driver must not keep the agent from ending
            log.exception("%s: could not be let go of", self._name)
