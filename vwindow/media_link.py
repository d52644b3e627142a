"""The server's end of the control socket: starts the media worker, gives it orders, hears its events."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from vwindow.desk.ports import Part, RecordingOrder, RoomAnswer
from vwindow.desk.views import SlotView
from vwindow.errors import Refused, Unavailable
from vwindow.ids import RoomId
from vwindow.sfu import control
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

ORDER_SECONDS = 5.0
CLOSE_SECONDS = 20.0
START_SECONDS = 15.0
STATS_SECONDS = 5.0
RESPAWN_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class MediaListener(Protocol):
    """Hear what the worker tells."""

    def peer_changed(self, room: RoomId, part: Part, state: str) -> None: ...

    def recording_progress(self, room: RoomId, total: int, recent: int, stalled: bool) -> None: ...

    def recording_failed(self, room: RoomId, message: str) -> None: ...

    def rooms_lost(self, rooms: Sequence[RoomId]) -> None: ...


class Wires:
    """One connection to a worker: requests with replies, events to a callback."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next = 0
        self._waiting: dict[int, asyncio.Future[control.Reply]] = {}

    @classmethod
    async def connect(cls, path: Path) -> "Wires":
        """Connect to a worker's socket; raise OSError."""
        reader, writer = await asyncio.open_unix_connection(str(path), limit=control.MAX_LINE_BYTES)
        return cls(reader, writer)

    async def read_events(self, heard: Any) -> None:
        """Sort what comes until the worker goes away."""
        try:
            while line := await self._reader.readline():
                try:
                    message = control.FROM_WORKER.validate_json(line)
                except ValidationError:
                    log.error("the worker said what is not in its protocol")
                    continue
                if isinstance(message, control.Reply):
                    waiting = self._waiting.pop(message.id, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                else:
                    heard(message)
        except (OSError, ValueError) as error:
            log.warning("control socket: %s", error)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Unavailable("worker_lost"))
            self._waiting.clear()

    async def ask(self, order: control.Order, seconds: float = ORDER_SECONDS) -> control.Reply:
        """Give an order and wait for the reply; raise Refused or Unavailable."""
        self._next += 1
        number = self._next
        future: asyncio.Future[control.Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._writer.write(control.Request(id=number, order=order).model_dump_json().encode() + b"\n")
            await self._writer.drain()
            reply = await asyncio.wait_for(future, seconds)
        except (OSError, TimeoutError) as error:
            raise Unavailable("worker_lost", str(error)) from error
        finally:
            self._waiting.pop(number, None)
        if reply.code:
            raise Unavailable(reply.code) if reply.retryable else Refused(reply.code, reply.message)
        return reply

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class MediaLink:
    """Keep one worker alive and implement desk.ports.Rooms with it."""

    def __init__(self, socket: Path, arguments: Sequence[str]) -> None:
        self._socket = socket
        self._arguments = list(arguments)
        self._listener: MediaListener | None = None
        self._tasks = TaskSet("media-link", limit=16)
        self._wires: Wires | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._rooms: set[RoomId] = set()
        self._stopping = False
        self.restarts = 0
        self.last_stats: dict[str, float] = {}
        """The worker's counters as of the last seconds, for /metrics."""

    @property
    def up(self) -> bool:
        """Tell whether the worker takes orders."""
        return self._wires is not None

    def tell(self, listener: MediaListener) -> None:
        """Name the one who hears the worker; before the start."""
        self._listener = listener

    async def start(self) -> None:
        """Take over what a crash left, then start a worker; raise Unavailable when it does not come up."""
        await self._retire_left_over()
        await self._spawn()
        self._tasks.start(self._supervise(), "supervise")
        self._tasks.start(self._keep_stats(), "stats")

    async def _retire_left_over(self) -> None:
        """Let a worker that outlived its server finish its journals and leave."""
        try:
            wires = await Wires.connect(self._socket)
        except OSError:
            return
        reading = self._tasks.start(wires.read_events(lambda message: None), "left-over")
        try:
            reply = await wires.ask(control.Hello())
            log.info("a worker (pid %d) outlived its server with %d rooms", reply.pid, len(reply.rooms))
            for room in reply.rooms:
                await wires.ask(control.CloseRoom(room=room), CLOSE_SECONDS)
            await wires.ask(control.Leave(), CLOSE_SECONDS)
            await asyncio.wait_for(asyncio.shield(reading), CLOSE_SECONDS)
        except (Refused, Unavailable, TimeoutError) as error:
            log.warning("the left-over worker did not leave cleanly: %s", error)
        finally:
            await wires.close()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vwindow", "worker", *self._arguments, start_new_session=True
        )
        loop = asyncio.get_running_loop()
        end = loop.time() + START_SECONDS
        while True:
            try:
                wires = await Wires.connect(self._socket)
                break
            except OSError as error:
                if self._process.returncode is not None or loop.time() > end:
                    raise Unavailable("worker_lost", f"the media worker did not start: {error}") from error
                await asyncio.sleep(0.02)
        self._reading = self._tasks.start(wires.read_events(self._heard), "events")
        reply = await wires.ask(control.Hello())
        self._wires = wires
        log.info("media worker up (pid %d, epoch %s)", reply.pid, reply.epoch)

    async def _supervise(self) -> None:
        """Start another worker whenever one is lost."""
        while True:
            await asyncio.wait([self._reading])
            self._wires = None
            lost = sorted(self._rooms)
            self._rooms.clear()
            if self._stopping:
                return
            log.error("media worker lost with %d rooms", len(lost))
            if self._listener is not None:
                self._listener.rooms_lost(lost)
            await self._reap()
            for seconds in (*RESPAWN_SECONDS, *([RESPAWN_SECONDS[-1]] * 10_000)):
                self.restarts += 1
                try:
                    await self._spawn()
                    break
                except Unavailable as error:
                    log.error("%s; again in %.1f s", error, seconds)
                    await asyncio.sleep(seconds)

    async def _reap(self) -> None:
        if self._process is None:
            return
        try:
            await asyncio.wait_for(self._process.wait(), 2.0)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _heard(self, message: control.Event) -> None:
        if self._listener is None:
            return
        match message:
            case control.PeerChanged():
                self._listener.peer_changed(RoomId(message.room), message.part, message.state)
            case control.RecordingProgress():
                self._listener.recording_progress(
                    RoomId(message.room), message.bytes_total, message.bytes_recent, message.stalled
                )
            case control.RecordingFailed():
                self._listener.recording_failed(RoomId(message.room), message.message)

    def _worker(self) -> Wires:
        if self._wires is None:
            raise Unavailable("worker_lost")
        return self._wires

    # ---- desk.ports.Rooms ----

    async def open(self, room: RoomId) -> None:
        await self._worker().ask(control.OpenRoom(room=room))
        self._rooms.add(room)

    async def answer(self, room: RoomId, part: Part, sdp: str) -> RoomAnswer:
        reply = await self._worker().ask(control.AnswerOffer(room=room, part=part, sdp=sdp))
        return RoomAnswer(reply.sdp, tuple(SlotView(s.mid, s.kind, s.source) for s in reply.slots))

    async def record(self, room: RoomId, order: RecordingOrder) -> None:
        await self._worker().ask(
            control.StartRecording(room=room, recording=order.recording, path=order.path, key_hex=order.key_hex)
        )

    async def close(self, room: RoomId) -> None:
        self._rooms.discard(room)
        await self._worker().ask(control.CloseRoom(room=room), CLOSE_SECONDS)

    async def _keep_stats(self) -> None:
        while True:
            await asyncio.sleep(STATS_SECONDS)
            try:
                self.last_stats = (await self._worker().ask(control.AskStats())).stats
            except (Refused, Unavailable):
                self.last_stats = {}

    async def stop(self) -> None:
        """Let the worker finish its journals and leave."""
        self._stopping = True
        if self._wires is not None:
            try:
                await self._wires.ask(control.Leave(), CLOSE_SECONDS)
            except (Refused, Unavailable) as error:
                log.warning("the worker did not leave cleanly: %s", error)
            await self._wires.close()
            self._wires = None
        await self._tasks.close()
        await self._reap()
