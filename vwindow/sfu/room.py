"""The media of one call: its peers, sources, slots and recording."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from vwindow.clock import Clock
from vwindow.errors import Refused
from vwindow.ice.book import Book
from vwindow.sfu.answer import Local, write_answer
from vwindow.sfu.balance import Balance
from vwindow.sfu.control import Event, PeerChanged, Slot, SpeakerChanged, StreamChanged, TargetsChanged
from vwindow.sfu.counters import Counters
from vwindow.sfu.grants import Grants
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.peer import GONE_AFTER, SILENT_AFTER, Peer
from vwindow.sfu.ports import Kind, Recorder, SourceName
from vwindow.sfu.recording import RoomRecording, failure
from vwindow.sfu.sdp import Offer, read_offer
from vwindow.sfu.seat import Seat
from vwindow.sfu.slots import Part, VideoCodec, format_of
from vwindow.sfu.speaker import Speaker
from vwindow.sfu.streams import MAX_STREAMS, StreamKind, read_stream, sent_by
from vwindow.sfu.transport import Certificate
from vwindow.tasks import TaskSet

TICKS_PER_SECOND = 10
BALANCE_TICKS = 2
HEARD_SECONDS = 0.6
"""A voice whose packets stopped longer ago is quiet: a browser that sends no silence sends one every 0.4 s."""
State = Literal["up", "silent", "back", "gone"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all rooms of a worker share."""

    clock: Clock
    wall: float
    """Unix seconds minus monotonic seconds at the worker's start: its clock never steps."""
    book: Book[Peer]
    certificate: Certificate
    candidates: tuple[tuple[str, int], ...]
    recorder: Recorder
    counters: Counters
    emit: Callable[[Event], None]
    face_bitrate: int
    passive: tuple[tuple[str, int], ...] = ()
    """Where TCP connections are taken."""


class Room:
    """Hold up to one connected and one connecting peer for each part.

    A part's second offer makes a new peer, and the old one stays until the new one is up; only an ICE
    restart (same certificate, same m-lines) goes on with the old one.
    """

    def __init__(self, name: str, around: Surroundings, media: int = 1, video: VideoCodec = "vp8") -> None:
        self.name = name
        self.video = video
        """The one codec of its pictures."""
        self.media = media
        """How often the call's media have begun; only kept, for a server that comes back."""
        self._around = around
        self._tasks = TaskSet(f"room-{name}", limit=64)
        self._up: dict[str, Peer] = {}
        self._pending: dict[str, Peer] = {}
        self._seats: dict[Peer, Seat] = {}
        self._leaving: set[Peer] = set()
        self._sources: dict[str, Ingest] = {}
        self._grants = Grants()
        self._speaker = Speaker()
        self._recording: RoomRecording | None = None
        self._balance = Balance(around.face_bitrate)
        self._closed = False

    @property
    def speaking(self) -> str:
        """Return whose voice leads, "" while all are quiet."""
        return self._speaker.name

    @property
    def targets(self) -> dict[str, int]:
        """Return the bit/s that each picture may be sent with now."""
        return self._balance.targets

    @property
    def grants(self) -> list[str]:
        """Return the sources that are granted."""
        return sorted(self._grants.names)

    @property
    def recording(self) -> str:
        """Return the id of the running recording, "" when there is none."""
        return self._recording.recording if self._recording is not None else ""

    @property
    def up(self) -> list[str]:
        """Return the parts whose connection is there."""
        return [peer.part for peer in self._up.values() if not peer.offer.resource]

    @property
    def connected(self) -> list[Peer]:
        return list(self._up.values())

    @property
    def peers(self) -> int:
        return len(self._up) + len(self._pending)

    def answer(self, part: Part, sdp: str) -> tuple[str, list[Slot]]:
        """Answer an offer; raises Refused (see `read_offer`)."""
        return self._accept(read_offer(sdp, part, video=self.video))

    def answer_stream(self, kind: StreamKind, side: str, source: str, sdp: str) -> tuple[str, str]:
        """Answer an offer to publish or play one source; return the stream's name and the answer.

        Raises Refused: `source_taken` when a part of the call sends it, `too_many_streams`, see `read_stream`.
        """
        resource = secrets.token_hex(8)
        offer = read_stream(sdp, kind, side, source, resource, self.video)
        peers = [*self._up.values(), *self._pending.values()]
        taken = {name for peer in peers if not peer.offer.resource for name in sent_by(peer.offer)}
        if taken & sent_by(offer):
            raise Refused("source_taken", status=409)
        if sum(peer.offer.resource != "" for peer in peers) >= MAX_STREAMS:
            raise Refused("too_many_streams", retryable=True)
        return resource, self._accept(offer)[0]

    def end_stream(self, resource: str) -> None:
        """End a stream; raises Refused("unknown_stream")."""
        for peer in (*self._up.values(), *self._pending.values()):
            if peer.offer.resource == resource != "":
                self._drop(peer)
                return
        raise Refused("unknown_stream")

    def grant(self, source: str, on: bool) -> None:
        """Let a source be heard, seen and recorded, beginning with a keyframe; or no packet more of it.

        Raises Refused("unknown_source") for what no side may ever send.
        """
        self._grants.set(source, on)
        for peer in self._up.values():
            feeds = self._feeds(peer.offer)
            for index in range(len(peer.offer.table)):
                peer.feed(index, feeds.get(index))
        self._show()

    def _accept(self, offer: Offer) -> tuple[str, list[Slot]]:
        credentials = (secrets.token_hex(6), secrets.token_hex(16))
        place = offer.place
        present = self._up.get(place)
        if present is not None and present.continues(offer):
            self._restart(present, offer, credentials)
            return self._answer(present, offer, credentials)
        if present is not None and present.ended:
            self._forget(present)  # it said goodbye; its address may be the new peer's
        around = self._around
        peer = Peer(offer, credentials, around.certificate, around.counters, self._moved, around.clock.monotonic())
        peer.phase = secrets.randbelow(TICKS_PER_SECOND)
        self._seats[peer] = Seat.choose(offer)
        around.book.add(peer.binding)
        old = self._pending.pop(place, None)
        self._pending[place] = peer
        if old is not None:
            self._retire(old)
        return self._answer(peer, offer, credentials)

    def _answer(self, peer: Peer, offer: Offer, credentials: tuple[str, str]) -> tuple[str, list[Slot]]:
        around, seat = self._around, self._seats[peer]
        local = Local(*credentials, around.certificate.fingerprint, around.candidates, around.passive)
        text = write_answer(offer, local, seat.ssrcs, seat.session, seat.version)
        slots = [
            Slot(mid=offer.lines[index].mid, kind=line.kind, source=line.source)
            for index, line in enumerate(offer.table)
            if not line.sends
        ]
        return text, slots

    def _restart(self, peer: Peer, offer: Offer, credentials: tuple[str, str]) -> None:
        if peer.former is not None:
            self._around.book.remove(peer.former)
        peer.restart(offer, credentials)
        self._around.book.add(peer.binding)
        self._seats[peer].version += 1
        self._around.counters.add("ice_restarts")

    @property
    def suspended_by(self) -> list[str]:
        """Return who has suspended the recording."""
        return self._recording.suspended_by if self._recording is not None else []

    def record(self, recording: str, path: str, key: bytes, suspended_by: Sequence[str] = ()) -> None:
        """Record all sources of the room, suspended when somebody is named; a journal that fails to open is an event.

        Raises Refused("already_recording") when another recording runs.
        """
        if self._recording is not None:
            if self._recording.recording == recording:
                return
            raise Refused("already_recording")
        around = self._around
        now = around.clock.monotonic()
        try:
            inner = around.recorder.open(path, key, now + around.wall)
        except Exception as error:  # noqa: BLE001  edge: the call goes on without a recording, and is told so
            around.counters.error("recording", error)
            around.emit(failure(self.name, recording, error))
            return
        self._recording = RoomRecording(self.name, recording, inner, around.emit, now)
        if suspended_by:
            self._recording.suspend(suspended_by, now)
        for source in self._sources.values():
            self._recording.attach(source)

    def suspend_recording(self, by: Sequence[str]) -> None:
        """Suspend the recording, or go on with it when nobody is named; raises Refused("not_recording")."""
        if self._recording is None:
            raise Refused("not_recording")
        self._recording.suspend(by, self._around.clock.monotonic())

    def tick(self, now: float, phase: int) -> None:
        """Do what is due each tenth of a second; `phase` counts 0 to 9."""
        for peer in list(self._up.values()):
            self._watch(peer, now)
            if peer.phase == phase:
                peer.report(now)
            for egress in peer.egresses:
                if egress.waiting and egress.source is not None:
                    egress.source.request_keyframe()
        for peer in list(self._pending.values()):
            if now - peer.binding.heard > GONE_AFTER:
                self._drop(peer)
        if phase % BALANCE_TICKS == 0:
            live = {name: source for name, source in self._sources.items() if source.live}
            self._balance.tick(self._up.values(), live, now)
            self._tell_shares(now)
        for source in self._sources.values():
            source.tick(now)
        levels = {name: s.level for name, s in self._sources.items() if s.live and now - s.last_packet < HEARD_SECONDS}
        if self._speaker.take(levels, now):
            self._around.emit(SpeakerChanged(room=self.name, source=self._speaker.name))
        if self._recording is not None and phase == 0:
            self._recording.tick(now)

    def _tell_shares(self, now: float) -> None:
        for peer in self._up.values():
            if (shares := peer.shares(now)) and peer.part != "whip" and peer.part != "whep":
                self._around.emit(TargetsChanged(room=self.name, part=peer.part, targets=shares))

    def probe(self, now: float) -> bool:
        """Load paths that may carry more than is sent; tell whether one was. The oftener, the shorter its queue."""
        return any([peer.probe(now) for peer in self._up.values()])

    async def close(self) -> None:
        """End all peers and make the journal whole; idempotent."""
        self._closed = True
        peers = [*self._up.values(), *self._pending.values()]
        self._up.clear()
        self._pending.clear()
        self._seats.clear()
        for peer in peers:
            self._forget(peer)
            peer.release()
        await asyncio.gather(*(peer.close() for peer in (*peers, *self._leaving)))
        if self._recording is not None:
            recording, self._recording = self._recording, None
            await recording.close()
        await self._tasks.close()

    # ---- peers ----

    def _moved(self, peer: Peer) -> None:
        if not peer.connecting:
            peer.connect(self._tasks.start, self._connected)
        elif peer.former is not None and peer.binding.selected is not None:
            self._around.book.remove(peer.former)
            peer.former = None

    def _forget(self, peer: Peer) -> None:
        self._around.book.remove(peer.binding)
        if peer.former is not None:
            self._around.book.remove(peer.former)
            peer.former = None

    def _connected(self, peer: Peer, success: bool) -> None:
        place = peer.offer.place
        if self._closed or self._pending.get(place) is not peer:
            return
        if not success:
            self._drop(peer)
            return
        del self._pending[place]
        old = self._up.pop(place, None)
        if old is not None:
            self._retire(old)
        for other in list(self._up.values()):
            if other.part == "whip" and sent_by(other.offer) & sent_by(peer.offer):
                self._drop(other)  # one source has one sender: the newest
        around = self._around
        self._up[place] = peer
        peer.open(self._feeds(peer.offer), self._seats[peer].slots, around.face_bitrate, around.wall)
        peer.binding.heard = around.clock.monotonic()
        self._show()
        self._tell(peer, "up")
        peer.report(around.clock.monotonic())  # a browser starts low until it hears what it may send

    def _feeds(self, offer: Offer) -> dict[int, Ingest]:
        return {index: self._source(name) for index, name in self._grants.lines(offer).items()}

    def _source(self, name: SourceName) -> Ingest:
        source = self._sources.get(name)
        if source is None:
            kind: Kind = "audio" if name.endswith(".microphone") else "video"
            source = self._sources[name] = Ingest(name, format_of(kind, self.video), self._around.clock)
            if self._recording is not None:
                self._recording.attach(source)
        return source

    def _show(self) -> None:
        """Put every granted source that is there into the slots made for it."""
        shown = {name for peer in self._up.values() for name in self._grants.lines(peer.offer).values()}
        shown |= self._grants.names
        for peer in self._up.values():
            names = [line.source for line in peer.offer.table if not line.sends]
            for egress, name in zip(peer.egresses, names, strict=True):
                egress.show(self._sources.get(name) if name in shown else None)

    def _watch(self, peer: Peer, now: float) -> None:
        quiet = now - peer.binding.heard
        if quiet > GONE_AFTER:
            self._drop(peer)
        elif peer.state == "up" and quiet > SILENT_AFTER:
            peer.state = "silent"
            self._tell(peer, "silent")
        elif peer.state == "silent" and quiet <= SILENT_AFTER:
            peer.state = "up"
            self._tell(peer, "back")

    def _drop(self, peer: Peer) -> None:
        """End a peer that is dead or never came; tell it when the part has no other."""
        place = peer.offer.place
        for table in (self._up, self._pending):
            if table.get(place) is peer:
                del table[place]
        self._retire(peer)
        self._show()
        if place not in self._up and place not in self._pending:
            self._tell(peer, "gone")

    def _tell(self, peer: Peer, state: State) -> None:
        part = peer.part
        if part == "whip" or part == "whep":
            event: Event = StreamChanged(room=self.name, part=part, resource=peer.offer.resource, state=state)
        else:
            event = PeerChanged(room=self.name, part=part, state=state)
        self._around.emit(event)

    def _retire(self, peer: Peer) -> None:
        self._seats.pop(peer, None)
        self._forget(peer)
        peer.release()
        self._leaving.add(peer)
        self._tasks.start(self._end(peer), f"close-{peer.part}")

    async def _end(self, peer: Peer) -> None:
        await peer.close()
        self._leaving.discard(peer)
