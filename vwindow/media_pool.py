"""All media workers of a server: rooms go to the least loaded one, and those of a lost worker are told."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast, get_args

from vwindow.calls.events import Side
from vwindow.desk.ports import HeldRoom, RecordingOrder, RoomAnswer, RoomPart
from vwindow.desk.views import SlotView
from vwindow.errors import Refused, Unavailable
from vwindow.ids import RoomId
from vwindow.media_link import CLOSE_SECONDS, MediaLink, WorkerLink, greet, retire
from vwindow.remote_link import RemoteLink
from vwindow.sfu import control
from vwindow.spare_worker import SpareWorker
from vwindow.tasks import TaskSet
from vwindow.web.whip import StreamAnswer, StreamKind
from vwindow.worker_places import Place, socket_path

log = logging.getLogger(__name__)

PLACE_SECONDS = 5.0
"""How long a room waits for a worker: one that died is back in about a second."""
LOOK_SECONDS = 0.05
SUSPECT_SECONDS = 3.0
"""A worker that has not been reached for so long, and a side whose media are gone: the room moves."""
PARTS: frozenset[str] = frozenset(get_args(RoomPart))
SIDES: tuple[Side, ...] = ("kiosk", "staff")


class MediaListener(Protocol):
    """Hear what the workers tell."""

    def peer_changed(self, room: RoomId, part: RoomPart, state: str) -> None: ...

    def speaker_changed(self, room: RoomId, source: str) -> None: ...

    def targets_changed(self, room: RoomId, part: RoomPart, targets: Mapping[str, int]) -> None: ...

    def recording_progress(self, room: RoomId, total: int, recent: int, stalled: bool, paused: bool) -> None: ...

    def recording_failed(self, room: RoomId, message: str) -> None: ...

    def rooms_lost(self, rooms: Sequence[RoomId]) -> None: ...


class MediaPool:
    """Implement desk.ports.Rooms with several workers."""

    def __init__(
        self,
        folder: Path,
        workers: Sequence[Sequence[str]],
        remote: Sequence[Place] = (),
        recordings: Path | None = None,
        video: control.Video = "vp8",
    ) -> None:
        """`workers`: the command line of each of ours, without socket; `remote`: where others are; `recordings`: the
        folder that all of them have, each maybe under a path of its own; `video`: what rooms begin with."""
        self._folder = folder
        self._recordings = recordings
        self._spare = SpareWorker()
        ours = [
            MediaLink(number, socket_path(folder, number), arguments, self, self._spare)
            for number, arguments in enumerate(workers, 1)
        ]
        self._ours = ours
        self.links: list[WorkerLink] = [
            *ours,
            *(RemoteLink(number, place, self) for number, place in enumerate(remote, len(ours) + 1)),
        ]
        self._listener: MediaListener | None = None
        self._homes: dict[RoomId, WorkerLink] = {}
        self._connected: dict[RoomId, set[RoomPart]] = {}
        """Which parts of a room are there, as far as its worker has told."""
        self._opening: Counter[int] = Counter()
        self._video = video
        self._plain: set[RoomId] = set()
        """Rooms in VP8 because a side has no H.264."""
        self._leaving: set[RoomId] = set()
        """Rooms that are given up for one in VP8, until that is opened."""
        self._news = asyncio.Event()

    @property
    def up(self) -> bool:
        """Tell whether a worker takes orders."""
        return any(link.up for link in self.links)

    def tell(self, listener: MediaListener) -> None:
        """Name the one who hears the workers; before the start."""
        self._listener = listener

    def rooms_of(self, link: WorkerLink) -> int:
        """Return how many rooms a worker has, and is about to get."""
        return sum(home is link for home in self._homes.values()) + self._opening[link.number]

    async def start(self) -> dict[RoomId, HeldRoom]:
        """Take over the workers that an earlier server left, start the others; return the rooms that go on.

        Raises Unavailable when one does not come up.
        """
        held: dict[RoomId, HeldRoom] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._retire_strangers())
            taken = [group.create_task(link.take_over()) for link in self.links]
        for link, rooms in zip(self.links, taken, strict=True):
            for room in rooms.result():
                name = RoomId(room.room)
                self._homes[name] = link
                self._connected[name] = {cast(RoomPart, part) for part in PARTS & set(room.up)}
                held[name] = HeldRoom(
                    room.media,
                    frozenset(cast(RoomPart, part) for part in PARTS & set(room.up)),
                    tuple(side for side in SIDES if side in room.suspended_by),
                    frozenset(room.grants),
                )
                if room.video != "h264":
                    self._plain.add(name)
        for outcome in await asyncio.gather(*(link.start() for link in self.links), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        if self._ours:
            self._spare.prepare()
        return held

    async def _retire_strangers(self) -> None:
        """Let workers leave that the settings no longer have: their ports may be wanted."""
        ours = {socket_path(self._folder, link.number) for link in self._ours}
        tasks = TaskSet("strangers", limit=64)
        try:
            for path in sorted(set(self._folder.glob("worker*.sock")) - ours):
                wires, reply = await greet(path, tasks, lambda message: None)
                if wires is not None:
                    await retire(wires, reply)
                with contextlib.suppress(OSError):
                    path.unlink()
        finally:
            await tasks.close()

    async def keep(self, rooms: Collection[RoomId]) -> None:
        """Close all rooms that were taken over but these: their calls are over."""
        others = [room for room in self._homes if room not in rooms]
        for outcome in await asyncio.gather(*(self.close(room) for room in others), return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.warning("a room without a call could not be closed: %s", outcome)

    async def stop(self) -> None:
        """Let all workers finish their journals; ours leave."""
        await asyncio.gather(*(link.stop() for link in self.links))
        await self._spare.close()

    # ---- desk.ports.Rooms ----

    async def open(self, room: RoomId, media: int) -> None:
        full: set[int] = set()
        self._leaving.discard(room)
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                while True:
                    link = self._place(full)
                    if link is not None and await self._open_at(link, room, media, full):
                        return
                    if full and self._place(full) is None and self._place(()) is not None:
                        raise Unavailable("too_many_rooms")
                    await self._wait()
        except TimeoutError as error:
            raise Unavailable("worker_lost", "no media worker for a room") from error

    def _place(self, without: Collection[int]) -> WorkerLink | None:
        ready = [link for link in self.links if link.up and not link.draining and link.number not in without]
        return min(ready, key=self.rooms_of, default=None)

    async def _open_at(self, link: WorkerLink, room: RoomId, media: int, full: set[int]) -> bool:
        self._opening[link.number] += 1
        try:
            video = "vp8" if room in self._plain else self._video
            await link.ask(control.OpenRoom(room=room, media=media, video=video))
        except Unavailable as error:
            if error.code == "draining":
                link.draining = True
            elif error.code == "too_many_rooms":
                full.add(link.number)
            return False
        finally:
            self._opening[link.number] -= 1
        if not link.up:  # it died with the reply on its way
            return False
        self._homes[room] = link
        return True

    async def _wait(self) -> None:
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._news.wait()

    async def answer(self, room: RoomId, part: RoomPart, sdp: str) -> RoomAnswer:
        link = self._home(room)
        if link.away > SUSPECT_SECONDS and self._place({link.number}) is not None:
            # A side offers anew because its media are gone, and so is the connection: it is the machine.
            self._tell_lost(link, [room])
        link = self._home(room)
        try:
            reply = await link.ask(control.AnswerOffer(room=room, part=part, sdp=sdp))
        except Refused as error:
            if error.code != "no_h264":
                raise
            await self._begin_anew_in_vp8(room, link)
            raise Unavailable("worker_lost", "the room begins anew in VP8") from error
        return RoomAnswer(reply.sdp, tuple(SlotView(s.mid, s.kind, s.source) for s in reply.slots))

    async def _begin_anew_in_vp8(self, room: RoomId, link: WorkerLink) -> None:
        """Give a room up for the side that has no H.264, once, by the way that leads on from a lost worker."""
        if self._homes.get(room) is not link:
            return
        self._forget(room)
        self._plain.add(room)
        self._leaving.add(room)
        log.warning("room %s: a side has no H.264; its media begin anew in VP8", room)
        try:
            await link.ask(control.CloseRoom(room=room), CLOSE_SECONDS)
        except (Refused, Unavailable) as error:
            log.warning("room %s was not closed: %s", room, error)
        finally:
            if self._listener is not None:
                self._listener.rooms_lost([room])

    async def grant(self, room: RoomId, source: str, on: bool) -> None:
        await self._home(room).ask(control.Grant(room=room, source=source, on=on))

    async def record(self, room: RoomId, order: RecordingOrder, suspended_by: Sequence[Side] = ()) -> None:
        if room in self._leaving:
            return  # another room takes its place, and is recorded in its turn
        # Relative to the folder that the worker was given: it takes nothing outside, and may know it by another path.
        path = order.path
        if self._recordings is not None and Path(path).is_relative_to(self._recordings):
            path = str(Path(path).relative_to(self._recordings))
        start = control.StartRecording(
            room=room,
            recording=order.recording,
            path=path,
            key_hex=order.key_hex,
            suspended_by=list(suspended_by),
        )
        await self._home(room).ask(start)

    async def suspend(self, room: RoomId, by: Sequence[Side]) -> None:
        home = self._home(room)
        await home.ask(control.PauseRecording(room=room, by=list(by)) if by else control.ResumeRecording(room=room))

    async def answer_stream(self, kind: StreamKind, room: str, side: str, source: str, sdp: str) -> StreamAnswer:
        """Answer the offer of one stream of a room that is open; raises Refused, Unavailable."""
        order = control.AnswerStream(room=room, part=kind, side=side, source=source, sdp=sdp)
        reply = await self._opened(room).ask(order)
        return StreamAnswer(reply.resource, reply.sdp)

    async def end_stream(self, room: str, resource: str) -> None:
        """End a stream; raises Refused("unknown_room" | "unknown_stream"), Unavailable."""
        await self._opened(room).ask(control.EndStream(room=room, resource=resource))

    def _opened(self, room: str) -> WorkerLink:
        link = self._homes.get(RoomId(room))
        if link is None:
            raise Refused("unknown_room")
        return link

    async def close(self, room: RoomId) -> None:
        self._plain.discard(room)
        self._leaving.discard(room)
        link = self._forget(room)
        if link is None:
            return
        try:
            await link.ask(control.CloseRoom(room=room), CLOSE_SECONDS)
        except Refused as error:
            log.warning("room %s was not closed: %s", room, error)

    def _forget(self, room: RoomId) -> WorkerLink | None:
        self._connected.pop(room, None)
        return self._homes.pop(room, None)

    def _home(self, room: RoomId) -> WorkerLink:
        link = self._homes.get(room)
        if link is None:
            raise Unavailable("worker_lost")
        return link

    # ---- media_link.LinkOwner ----

    def came(self, link: WorkerLink) -> None:
        """Give waiting rooms a place."""
        self._news.set()

    def lost(self, link: WorkerLink) -> None:
        """Tell which rooms are gone."""
        self.reconcile(link, ())

    def reconcile(self, link: WorkerLink, rooms: Collection[str]) -> list[str]:
        """Tell which rooms a worker has lost, now that it has these; return those that are not ours any more."""
        gone = [room for room, home in self._homes.items() if home is link and room not in rooms]
        self._tell_lost(link, sorted(gone))
        return [room for room in rooms if self._homes.get(RoomId(room)) is not link]

    def returned(self, link: WorkerLink, held: Sequence[control.HeldRoom]) -> None:
        """Tell which connections came and went while the worker was not heard."""
        for room in held:
            name = RoomId(room.room)
            if self._homes.get(name) is not link or self._listener is None:
                continue
            before, now = self._connected.setdefault(name, set()), {cast(RoomPart, p) for p in PARTS & set(room.up)}
            for part in sorted(now ^ before):
                self._peer_changed(name, part, "up" if part in now else "gone")

    def _peer_changed(self, room: RoomId, part: RoomPart, state: str) -> None:
        if state in ("up", "back"):
            self._connected.setdefault(room, set()).add(part)
        elif state == "gone":
            self._connected.setdefault(room, set()).discard(part)
        if self._listener is not None:
            self._listener.peer_changed(room, part, state)

    def _tell_lost(self, link: WorkerLink, rooms: Sequence[RoomId]) -> None:
        for room in rooms:
            self._forget(room)
        if rooms and self._listener is not None:
            log.error("media worker %d is lost with %d rooms", link.number, len(rooms))
            self._listener.rooms_lost(rooms)

    def heard(self, link: WorkerLink, message: control.Event) -> None:
        """Pass on what a worker tells of its rooms."""
        listener, room = self._listener, RoomId(message.room)
        if listener is None or self._homes.get(room) not in (link, None):
            return
        match message:
            case control.PeerChanged():
                self._peer_changed(room, message.part, message.state)
            case control.SpeakerChanged():
                listener.speaker_changed(room, message.source)
            case control.TargetsChanged():
                listener.targets_changed(room, message.part, message.targets)
            case control.RecordingProgress():
                listener.recording_progress(
                    room, message.bytes_total, message.bytes_recent, message.stalled, message.paused
                )
            case control.RecordingFailed():
                listener.recording_failed(room, message.message)
