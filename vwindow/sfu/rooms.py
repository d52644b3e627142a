"""All rooms of a worker, and the orders that a server may give."""

import asyncio
import functools
import logging
import os
import secrets
from collections.abc import Callable, Sequence

from vwindow.clock import Clock
from vwindow.errors import Refused
from vwindow.ice.book import Book
from vwindow.sfu import control
from vwindow.sfu.counters import Counters
from vwindow.sfu.gate import Gate
from vwindow.sfu.peer import Peer
from vwindow.sfu.ports import Recorder
from vwindow.sfu.room import TICKS_PER_SECOND, Room, Surroundings
from vwindow.sfu.socket import Port
from vwindow.sfu.tcp import TcpPort
from vwindow.sfu.transport import Certificate

log = logging.getLogger(__name__)

MAX_ROOMS = 500
FACE_BITRATE = 1_500_000
PROBE_SECONDS = 0.02
"""Between two loads of a path that is tried out: what a tenth of a second holds at once would be a queue by itself."""


class Rooms:
    """Own the UDP ports and the rooms; carry out orders.

    Raises ValueError for an address that cannot be listed, OSError when one cannot be bound.
    """

    def __init__(
        self,
        listen: Sequence[tuple[str, int]],
        recorder: Recorder,
        emit: Callable[[control.Event], None],
        clock: Clock,
        *,
        announce: Sequence[str] | None = None,
        face_bitrate: int = FACE_BITRATE,
        mark: str = "",
        tcp: bool = False,
    ) -> None:
        """`tcp`: take connections on the same addresses too, for networks that let no UDP out."""
        self.epoch = secrets.token_hex(8)
        self._mark = mark
        self._draining = False
        self.drained = asyncio.Event()
        """Set when the worker takes no new rooms and has no room left."""
        self._clock = clock
        self._counters = Counters()
        self._rooms: dict[str, Room] = {}
        self._ports: list[Port] = []
        self._tcp: list[TcpPort] = []
        try:
            for index, (host, port) in enumerate(listen):
                self._ports.append(Port(index, host, port, clock, self._counters))
            candidates = _candidates(self._ports, announce)
            self._tcp = _tcp_ports(self._ports, clock, self._counters) if tcp else []
            passive = _candidates(self._tcp, announce) if self._tcp else ()
        except (OSError, ValueError):
            self._close_ports()
            raise
        book: Book[Peer] = Book(len(self._ports) + len(self._tcp))
        self._around = Surroundings(
            clock=clock,
            wall=clock.now().timestamp() - clock.monotonic(),
            book=book,
            certificate=Certificate(),
            candidates=candidates,
            recorder=recorder,
            counters=self._counters,
            emit=emit,
            face_bitrate=face_bitrate,
            passive=passive,
        )
        self._gate = Gate(book, self._counters)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Return the bound addresses with their real ports."""
        return [(port.host, port.number) for port in self._ports]

    def start(self) -> None:
        """Take datagrams from now on."""
        for port in self._ports:
            port.start(self._gate.take)
        book = self._around.book
        for tcp in self._tcp:
            tcp.start(
                self._gate.take,
                book.owners[tcp.index].__contains__,
                functools.partial(book.lost, tcp.index),
            )

    async def tick_forever(self) -> None:
        """Drive what is due each tenth of a second in all rooms."""
        phase = 0
        due = self._clock.monotonic()
        while True:
            due = max(due + 1 / TICKS_PER_SECOND, self._clock.monotonic())
            while True:
                left = due - self._clock.monotonic()
                await asyncio.sleep(min(left, PROBE_SECONDS) if self.probe() else left)
                if self._clock.monotonic() >= due:
                    break
            phase = (phase + 1) % TICKS_PER_SECOND
            self.tick(phase)

    def probe(self) -> bool:
        """Load paths that may carry more; tell whether one is."""
        now, busy = self._clock.monotonic(), False
        for room in list(self._rooms.values()):
            try:
                busy |= room.probe(now)
            except Exception as error:  # noqa: BLE001  edge: as for a tick
                self._counters.error("probe", error)
        return busy

    def tick(self, phase: int) -> None:
        """Do what is due now; `phase` counts 0 to 9."""
        now = self._clock.monotonic()
        if phase == 0:
            for tcp in self._tcp:
                tcp.sweep(now)
        for room in list(self._rooms.values()):
            try:
                room.tick(now, phase)
            except Exception as error:  # noqa: BLE001  edge: one room's failure must not stop the others
                self._counters.error("tick", error)

    async def perform(self, request: control.Request) -> control.Reply:
        """Carry out an order; raises Refused. Closing and leaving wait; all else is done before an await."""
        order = request.order
        if isinstance(order, control.Hello):
            return control.Reply(
                id=request.id,
                protocol=control.PROTOCOL,
                epoch=self.epoch,
                mark=self._mark,
                pid=os.getpid(),
                rooms=list(self._rooms),
                recordings={name: room.recording for name, room in self._rooms.items() if room.recording},
                held=[
                    control.HeldRoom(
                        room=name,
                        media=room.media,
                        up=room.up,
                        suspended_by=room.suspended_by,
                        grants=room.grants,
                        video=room.video,
                    )
                    for name, room in self._rooms.items()
                ],
            )
        if isinstance(order, control.OpenRoom):
            self._open(order)
        elif isinstance(order, control.AnswerOffer):
            sdp, slots = self._room(order.room).answer(order.part, order.sdp)
            return control.Reply(id=request.id, sdp=sdp, slots=slots)
        elif isinstance(order, control.AnswerStream):
            resource, sdp = self._room(order.room).answer_stream(order.part, order.side, order.source, order.sdp)
            return control.Reply(id=request.id, sdp=sdp, resource=resource)
        elif isinstance(order, control.EndStream):
            self._room(order.room).end_stream(order.resource)
        elif isinstance(order, control.Grant):
            self._room(order.room).grant(order.source, order.on)
        elif isinstance(order, control.StartRecording):
            self._record(order)
        elif isinstance(order, control.PauseRecording):
            self._room(order.room).suspend_recording(order.by)
        elif isinstance(order, control.ResumeRecording):
            self._room(order.room).suspend_recording(())
        elif isinstance(order, control.CloseRoom):
            room = self._rooms.pop(order.room, None)
            if room is not None:
                await room.close()
            self._look_drained()
        elif isinstance(order, control.AskStats):
            return control.Reply(id=request.id, stats=self.stats())
        elif isinstance(order, control.Drain):
            self._draining = True
            self._look_drained()
        elif isinstance(order, control.Leave):
            await self.close()
        return control.Reply(id=request.id)

    def stats(self) -> dict[str, float]:
        """Return all counters, and how much is held."""
        held = {
            "rooms": len(self._rooms),
            "draining": self._draining,
            "peers": sum(room.peers for room in self._rooms.values()),
            "tcp_connections": sum(len(port) for port in self._tcp),
        }
        return {name: float(value) for name, value in {**self._counters.values, **held}.items()}

    def peers(self, name: str) -> int:
        """Return how many are in a room; none when there is no such room."""
        room = self._rooms.get(name)
        return room.peers if room is not None else 0

    async def close(self) -> None:
        """Close all rooms, finishing their journals, and the ports; idempotent."""
        await self.close_rooms()
        self._close_ports()

    async def close_rooms(self) -> int:
        """Close all rooms, finishing their journals; return how many there were."""
        rooms = list(self._rooms.values())
        self._rooms.clear()
        await asyncio.gather(*(room.close() for room in rooms))
        self._look_drained()
        return len(rooms)

    def _close_ports(self) -> None:
        for port in self._ports:
            port.close()
        for tcp in self._tcp:
            tcp.close()

    def _open(self, order: control.OpenRoom) -> None:
        if order.room not in self._rooms:
            if self._draining:
                raise Refused("draining", retryable=True)
            if len(self._rooms) >= MAX_ROOMS:
                raise Refused("too_many_rooms", retryable=True)
            self._rooms[order.room] = Room(order.room, self._around, order.media, order.video)

    def _look_drained(self) -> None:
        if self._draining and not self._rooms:
            self.drained.set()

    def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            raise Refused("unknown_room")
        return room

    def _record(self, order: control.StartRecording) -> None:
        try:
            key = bytes.fromhex(order.key_hex)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise Refused("bad_key")
        self._room(order.room).record(order.recording, order.path, key, order.suspended_by)


def _tcp_ports(ports: Sequence[Port], clock: Clock, counters: Counters) -> list[TcpPort]:
    """Listen on the addresses of the UDP ports; one that is taken is told and left out, the calls go on without."""
    found: list[TcpPort] = []
    for port in ports:
        try:
            found.append(TcpPort(len(ports) + len(found), port.host, port.number, clock, counters))
        except OSError as error:
            log.warning("no media over TCP on %s port %d: %s", port.host, port.number, error.strerror)
    return found


def _candidates(ports: Sequence[Port | TcpPort], announce: Sequence[str] | None) -> tuple[tuple[str, int], ...]:
    """Return the addresses that answers name: announced ones on the port of the same family, or our own."""
    if not ports:
        raise ValueError("no address to listen on")
    if not announce:
        return tuple((port.host, port.number) for port in ports)
    found = []
    for host in announce:
        number = next((port.number for port in ports if (":" in port.host) == (":" in host)), 0)
        if not number:
            raise ValueError(f"{host}: announced, but no listed address has its family")
        found.append((host, number))
    return tuple(found)
