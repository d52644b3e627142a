"""A media worker without a server: WHIP and WHEP on the loopback, for cameras, players and load generators."""

import asyncio
import ipaddress
import logging
import os
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from vwindow.clock import Clock, SystemClock
from vwindow.config import ConfigError
from vwindow.errors import Refused
from vwindow.recording.journal import JournalRecorder
from vwindow.sfu import control
from vwindow.sfu.rooms import Rooms
from vwindow.tasks import TaskSet
from vwindow.tokens import OneToken
from vwindow.web.whip import MAX_OFFER_BYTES, StreamAnswer, StreamKind, WhipParts, add_whip

log = logging.getLogger(__name__)

KEY_FILE = "journal.key"


class OwnRooms:
    """Open a room for whoever comes first, record it when asked to, and close it after the last one left."""

    def __init__(
        self, listen: Sequence[tuple[str, int]], clock: Clock, record: Path | None, video: control.Video, tcp: bool
    ) -> None:
        self._tasks = TaskSet("standalone", limit=2000)
        self._clock = clock
        self._record = record
        self._video = video
        self._key = recording_key(record) if record is not None else ""
        self._rooms = Rooms(listen, JournalRecorder(), self._heard, clock, tcp=tcp)
        self._open: set[str] = set()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Return the bound UDP addresses with their real ports."""
        return self._rooms.addresses

    def start(self) -> None:
        """Take media from now on."""
        self._rooms.start()
        self._tasks.start(self._rooms.tick_forever(), "ticks")

    async def close(self) -> None:
        """End all streams and finish all journals."""
        await self._rooms.close()
        await self._tasks.close()

    async def answer_stream(self, kind: StreamKind, room: str, side: str, source: str, sdp: str) -> StreamAnswer:
        """Answer an offer, in a new room when there is none of this name."""
        fresh = room not in self._open
        await self._order(control.OpenRoom(room=room, video=self._video))
        self._open.add(room)
        try:
            reply = await self._order(control.AnswerStream(room=room, part=kind, side=side, source=source, sdp=sdp))
        except Refused:
            await self._close_empty(room)
            raise
        if fresh and self._record is not None:
            await self._start_recording(room, self._record)
        return StreamAnswer(reply.resource, reply.sdp)

    async def end_stream(self, room: str, resource: str) -> None:
        """End a stream."""
        await self._order(control.EndStream(room=room, resource=resource))

    async def _order(self, order: control.Order) -> control.Reply:
        return await self._rooms.perform(control.Request(id=0, order=order))

    async def _start_recording(self, room: str, folder: Path) -> None:
        name = f"{room}-{self._clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        path = folder / f"{name}.journal"
        order = control.StartRecording(room=room, recording=name, path=str(path), key_hex=self._key)
        await self._order(order)

    def _heard(self, event: control.Event) -> None:
        if isinstance(event, control.StreamChanged):
            log.info("%s in %s: %s", event.part, event.room, event.state)
            if event.state == "gone":
                self._tasks.start(self._close_empty(event.room), "close")
        elif isinstance(event, control.RecordingFailed):
            log.error("recording of %s failed: %s", event.room, event.message)

    async def _close_empty(self, room: str) -> None:
        if self._rooms.peers(room) == 0:
            self._open.discard(room)
            await self._order(control.CloseRoom(room=room))


def recording_key(folder: Path) -> str:
    """Return the key of all journals of a folder in hex, from its file; make both when they are not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / KEY_FILE
    try:
        with open(path, "x", opener=_private, encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} must have mode 0600") from None
    return path.read_text(encoding="ascii").strip()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def check_listen(host: str) -> None:
    """Refuse an address that other machines reach: one token for everything must not leave this one."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigError(f"--listen {host}: a standalone worker with a token listens on the loopback only")


async def run_standalone(
    listen: tuple[str, int],
    udp: Sequence[tuple[str, int]],
    token: str,
    record: Path | None,
    video: control.Video = "vp8",
    clock: Clock | None = None,
    *,
    tcp: bool = False,
) -> None:
    """Run, with pictures in `video` alone, until SIGTERM or SIGINT; returns when all journals are whole.

    Raises ConfigError for an address beyond the loopback, ValueError or OSError when it cannot start.
    """
    check_listen(listen[0])
    clock = clock or SystemClock()
    rooms = OwnRooms(udp, clock, record, video, tcp)
    app = web.Application(client_max_size=MAX_OFFER_BYTES)
    add_whip(app, WhipParts(rooms, OneToken(token), clock, origins=("*",)))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        rooms.start()
        await runner.setup()
        await web.TCPSite(runner, *listen).start()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, leaving.set)
        log.info("WHIP and WHEP on %s, media on %s", runner.addresses, rooms.addresses)
        await leaving.wait()
    finally:
        await runner.cleanup()
        await rooms.close()
