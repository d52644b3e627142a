"""A media worker's life: serve orders, outlive the server for a while, finish the journals, leave."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

from vwindow.clock import Clock, SystemClock
from vwindow.sfu.control import Event
from vwindow.sfu.control_door import RemoteOrders
from vwindow.sfu.link import ControlLink
from vwindow.sfu.ports import Recorder
from vwindow.sfu.rooms import FACE_BITRATE, Rooms
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)


async def run_worker(
    socket_path: Path | str | None,
    listen: Sequence[tuple[str, int]],
    recorder: Recorder,
    announce: Sequence[str] | None = None,
    survive: float = 60.0,
    *,
    face_bitrate: int = FACE_BITRATE,
    mark: str = "",
    tcp: bool = False,
    clock: Clock | None = None,
    remote: RemoteOrders | None = None,
) -> None:
    """Run a media worker until it is told to leave, gets SIGTERM or SIGINT, has no server for `survive` seconds or is
    drained.

    With `remote` and no socket, another host's server gives the orders and cannot start a worker: one without a
    server then closes its rooms after `survive` seconds and waits for the next server.

    `listen`: one UDP socket for each (address, port), never a wildcard; `announce`: public addresses to name
    instead; `mark`: what it was started with, told to a server that comes back; `tcp`: take connections on the same
    addresses too. Returns when all journals are whole. Raises ValueError or OSError when it cannot start.
    """
    leaving = asyncio.Event()
    tasks = TaskSet("worker", limit=2000)
    link: ControlLink | None = None

    def emit(event: Event) -> None:
        if link is not None:
            link.tell(event)

    rooms = Rooms(
        listen,
        recorder,
        emit,
        clock or SystemClock(),
        announce=announce,
        face_bitrate=face_bitrate,
        mark=mark,
        tcp=tcp,
    )
    loop = asyncio.get_running_loop()
    signals = []
    try:
        path = Path(socket_path) if socket_path is not None else None
        link = ControlLink(path, rooms.perform, leaving.set, tasks, remote)
        await link.start()
        rooms.start()
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: a test's worker
                loop.add_signal_handler(name, leaving.set)
                signals.append(name)
        tasks.start(rooms.tick_forever(), "ticks")
        tasks.start(_outlive(link, survive, leaving, rooms if path is None else None), "outlive")
        tasks.start(_leave_drained(rooms, leaving), "drain")
        log.info("media worker %s on %s", rooms.epoch, rooms.addresses)
        await leaving.wait()
    finally:
        for name in signals:
            loop.remove_signal_handler(name)
        await rooms.close()
        if link is not None:
            await link.close()
        await tasks.close()
    log.info("media worker %s left", rooms.epoch)


async def _outlive(link: ControlLink, survive: float, leaving: asyncio.Event, staying: Rooms | None) -> None:
    """Set `leaving` when no server has been there for `survive` seconds; one that stays only closes its rooms."""
    while True:
        await link.absent.wait()
        try:
            await asyncio.wait_for(link.present.wait(), survive)
        except TimeoutError:
            if staying is not None:
                if closed := await staying.close_rooms():
                    log.warning("no server for %.0f s: %d rooms closed, their journals are whole", survive, closed)
                continue
            log.warning("no server for %.0f s: finishing the journals and leaving", survive)
            leaving.set()
            return


async def _leave_drained(rooms: Rooms, leaving: asyncio.Event) -> None:
    await rooms.drained.wait()
    leaving.set()
