"""One media worker as its server has it: taken over or started, watched, started again."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from vwindow.errors import Refused, Unavailable
from vwindow.media_wires import Hear, Wires
from vwindow.sfu import control
from vwindow.spare_worker import SpareWorker
from vwindow.tasks import TaskSet
from vwindow.worker_process import WorkerProcess

log = logging.getLogger(__name__)

CLOSE_SECONDS = 20.0
START_SECONDS = 15.0
END_SECONDS = 2.0
STATS_SECONDS = 5.0
MUTE_TIMES = 2
"""So many unanswered questions in a row, and the worker is taken for hung."""
RESPAWN_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class WorkerLink(Protocol):
    """One worker, wherever it runs."""

    number: int
    draining: bool
    """It takes no new rooms."""
    restarts: int
    stats: dict[str, float]
    """The worker's counters as of the last seconds."""

    @property
    def up(self) -> bool:
        """Tell whether the worker takes orders."""
        ...

    @property
    def away(self) -> float:
        """Return for how many seconds a worker that may go on has not been reached."""
        ...

    async def take_over(self) -> list[control.HeldRoom]: ...

    async def start(self) -> None: ...

    async def ask(self, order: control.Order, seconds: float | None = None) -> control.Reply: ...

    async def stop(self) -> None: ...


class LinkOwner(Protocol):
    """Hear what becomes of a worker."""

    def heard(self, link: WorkerLink, message: control.Event) -> None: ...

    def came(self, link: WorkerLink) -> None: ...

    def lost(self, link: WorkerLink) -> None: ...

    def reconcile(self, link: WorkerLink, rooms: Collection[str]) -> list[str]:
        """Learn which rooms a worker has; return those that it should close."""
        ...

    def returned(self, link: WorkerLink, held: Sequence[control.HeldRoom]) -> None:
        """Learn what became of a worker's rooms while nobody heard it."""
        ...


class MediaLink:
    """Keep one worker alive at one socket; there are never two of them with its ports."""

    def __init__(
        self, number: int, socket: Path, arguments: Sequence[str], owner: LinkOwner, spare: SpareWorker
    ) -> None:
        self.number = number
        self._socket = socket
        self._mark = hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:16]
        self._arguments = ["--socket", str(socket), *arguments, "--mark", self._mark]
        self._owner = owner
        self._spare = spare
        self._tasks = TaskSet(f"media-link-{number}", limit=16)
        self._wires: Wires | None = None
        self._reading: asyncio.Task[None] | None = None
        self._process: WorkerProcess | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._epoch = ""
        self._stopping = False
        self.draining = False
        self.restarts = 0
        self.stats: dict[str, float] = {}
        self.away = 0.0
        """A process of this machine that is not reached is gone."""

    @property
    def up(self) -> bool:
        """Tell whether the worker takes orders."""
        return self._wires is not None and not self._wires.over

    @property
    def pid(self) -> int:
        """Return the worker's process, 0 when there is none."""
        return self._process.pid if self._process is not None else 0

    async def take_over(self) -> list[control.HeldRoom]:
        """Go on with the worker that an earlier server left, and return its rooms.

        One of another version or with other settings is retired: it finishes its journals and leaves.
        """
        wires, reply = await greet(self._socket, self._tasks, self._hear)
        if wires is None:
            return []
        if reply is None or reply.protocol != control.PROTOCOL or reply.mark != self._mark:
            await retire(wires, reply)
            return []
        try:
            self._process = WorkerProcess(wires.peer)
        except OSError:  # it has just died
            await wires.close()
            return []
        self._attach(wires, reply)
        log.info("media worker %d (pid %d) goes on with %d rooms", self.number, self.pid, len(reply.held))
        return reply.held

    async def start(self) -> None:
        """Start a worker unless one was taken over, and watch it; raise Unavailable when it does not come up."""
        if not self.up:
            await self._spawn()
        self._tasks.start(self._supervise(), "supervise")
        self._tasks.start(self._keep_stats(), "stats")

    async def ask(self, order: control.Order, seconds: float | None = None) -> control.Reply:
        """Give an order; raise Refused or Unavailable."""
        if self._wires is None:
            raise Unavailable("worker_lost")
        return await self._wires.ask(order, seconds)

    async def stop(self) -> None:
        """Let the worker finish its journals and leave."""
        self._stopping = True
        if self._wires is not None:
            try:
                await self._wires.ask(control.Leave(), CLOSE_SECONDS)
            except (Refused, Unavailable) as error:
                log.warning("media worker %d did not leave cleanly: %s", self.number, error)
            await self._wires.close()
            self._wires = None
        await self._tasks.close()
        await self._bury()

    # ---- its life ----

    async def _spawn(self) -> None:
        # After draining the program may be a new one.
        self._child = await self._spare.launch(self._arguments, fresh=self.draining)
        try:
            self._process = WorkerProcess(self._child.pid)
        except OSError as error:
            # It must not live on with the ports of the next one.
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()
            raise Unavailable("worker_lost", f"media worker {self.number} did not start") from error
        loop = asyncio.get_running_loop()
        end = loop.time() + START_SECONDS
        while True:
            wires, reply = await greet(self._socket, self._tasks, self._hear, self._child.pid)
            if wires is not None and reply is not None:
                break
            if wires is not None:
                await wires.close()
            if not self._process.alive or loop.time() > end:
                await self._bury()
                raise Unavailable("worker_lost", f"media worker {self.number} did not start")
            await asyncio.sleep(0.02)
        self._attach(wires, reply)
        log.info("media worker %d up (pid %d, epoch %s)", self.number, self.pid, reply.epoch)

    def _attach(self, wires: Wires, reply: control.Reply) -> None:
        self._wires, self._reading = wires, wires.reading
        self._epoch = reply.epoch
        self.draining = False

    async def _supervise(self) -> None:
        """Start another worker whenever one is lost."""
        while True:
            assert self._reading is not None
            await asyncio.wait([self._reading])
            if self._stopping:
                return
            self._wires = None
            if await self._connect_again():
                continue
            log.log(logging.INFO if self.draining else logging.ERROR, "media worker %d is gone", self.number)
            self._owner.lost(self)
            await self._bury()
            for seconds in (*RESPAWN_SECONDS, *([RESPAWN_SECONDS[-1]] * 10_000)):
                self.restarts += 1
                try:
                    await self._spawn()
                    break
                except (Unavailable, OSError) as error:
                    log.error("%s; again in %.1f s", error, seconds)
                    await asyncio.sleep(seconds)
            self._owner.came(self)

    async def _connect_again(self) -> bool:
        """Go on with the same worker when only the connection to it broke."""
        if self._process is None or not self._process.alive or self.draining:
            return False
        wires, reply = await greet(self._socket, self._tasks, self._hear, self._process.pid)
        if wires is None:
            return False
        if reply is None or reply.epoch != self._epoch:
            await wires.close()
            return False
        log.warning("the connection to media worker %d broke and is back", self.number)
        self._attach(wires, reply)
        self._owner.returned(self, reply.held)
        return True

    async def _bury(self) -> None:
        """Make sure that the worker is gone: its ports are needed."""
        if self._process is not None:
            await self._process.bury(END_SECONDS)
            self._process = None
        if self._child is not None:
            await self._child.wait()
            self._child = None

    async def _keep_stats(self) -> None:
        mute = 0
        while True:
            await asyncio.sleep(STATS_SECONDS)
            try:
                self.stats = (await self.ask(control.AskStats())).stats
                mute = 0
            except (Refused, Unavailable):
                self.stats = {}
                mute += self.up
            if mute >= MUTE_TIMES and self._process is not None:
                log.error("media worker %d does not answer: it is ended", self.number)
                mute = 0
                self._process.kill()

    def _hear(self, message: control.Event) -> None:
        self._owner.heard(self, message)


async def greet(socket: Path, tasks: TaskSet, hear: Hear, pid: int = 0) -> tuple[Wires | None, control.Reply | None]:
    """Connect to a socket and say hello: no wires when nobody is there, no reply from one that is hung.

    With `pid` anybody else who sits there counts as nobody.
    """
    try:
        wires = await Wires.connect(socket)
    except OSError:
        return None, None
    if pid and wires.peer != pid:
        await wires.close()
        return None, None
    wires.read(tasks, hear)
    try:
        return wires, await wires.ask(control.Hello())
    except (Refused, Unavailable) as error:
        log.warning("a media worker did not answer: %s", error)
        return wires, None


async def retire(wires: Wires, reply: control.Reply | None) -> None:
    """Let a worker close its rooms and leave; one that does not, or did not say hello, is killed: its ports are
    needed."""
    pid = wires.peer
    log.info("a worker (pid %d) outlived its server with %d rooms", pid, len(reply.rooms) if reply else 0)
    try:
        process = WorkerProcess(pid)
    except OSError:
        await wires.close()
        return
    try:
        if reply is None:
            process.kill()
        else:
            for room in reply.rooms:
                await wires.ask(control.CloseRoom(room=room), CLOSE_SECONDS)
            await wires.ask(control.Leave(), CLOSE_SECONDS)
    except (Refused, Unavailable) as error:
        log.warning("the left-over worker did not leave cleanly: %s", error)
    finally:
        await wires.close()
    await process.bury(END_SECONDS)
