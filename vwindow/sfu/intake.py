"""What takes a packet that a peer sends: a stream of one of its sources, the repair of one, or nobody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vwindow.rtp.ntp import PeerClock
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.ports import SourceName
from vwindow.sfu.routes import Routes
from vwindow.sfu.sdp import Offer
from vwindow.sfu.stream import Repair, Stream
from vwindow.sfu.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Shut:
    """Take what has no grant and give it to nobody.

    Its packets pass SRTP all the same: that counts the cycles of the numbers, and would lose count over a long silence.
    """

    payload_types: tuple[int, ...]
    note: Callable[[], None]

    def take(self, data: bytes, now: float, round_trip: float) -> None:
        """Count one packet."""
        self.note()


Taker = Stream | Repair | Shut


class Intake:
    """Hold a peer's streams by SSRC; `feeds` has the source of each granted m-line."""

    def __init__(
        self,
        offer: Offer,
        feeds: Mapping[int, Ingest],
        send_rtcp: Callable[[bytes], None],
        ceiling: int,
        note_shut: Callable[[], None],
    ) -> None:
        self._offer = offer
        self._lines = offer.lines
        self._feeds = dict(feeds)
        self._routes = Routes(offer)
        self._send_rtcp = send_rtcp
        self._note_shut = note_shut
        self._clock = PeerClock()
        self._newest: dict[int, Stream] = {}
        self.inputs: dict[int, Taker] = {}
        self._places: dict[int, tuple[int, int | None]] = {}
        """M-line of each SSRC of `inputs`, and for a repair stream the SSRC that it mends (0 when not announced)."""
        self.streams: dict[int, Stream] = {}
        """Media alone."""
        self._pictures = dict(self._routes.announced_video)
        self.uplink = Uplink(ceiling)

    @property
    def videos(self) -> dict[int, SourceName]:
        """Return SSRCs of granted video, announced or seen, each with its source."""
        return {ssrc: self._feeds[index].name for ssrc, index in self._pictures.items() if index in self._feeds}

    @property
    def shut_videos(self) -> list[int]:
        """Return SSRCs of video without a grant."""
        return [ssrc for ssrc, index in self._pictures.items() if index not in self._feeds]

    def admit(self, data: bytes, ssrc: int) -> Taker | None:
        """Make what takes a new SSRC, None when it belongs to no m-line; it counts from `keep` on."""
        place = self._place(data, ssrc)
        return self._taker(ssrc, *place) if place is not None else None

    def keep(self, ssrc: int, data: bytes, taker: Taker) -> None:
        """Give an SSRC to the one that was made for it, after its first packet was found authentic."""
        place = self._place(data, ssrc)
        if place is not None:
            self._places[ssrc] = place
            self._put(ssrc, place[0], taker)

    def feed(self, index: int, source: Ingest | None) -> None:
        """Let what comes on an m-line reach a source from now on, or nobody; SSRCs that are known need no packet."""
        if self._feeds.get(index) is source:
            return
        if source is None:
            del self._feeds[index]
        else:
            self._feeds[index] = source
        self._newest.pop(index, None)
        for ssrc, (line, media) in self._places.items():
            if line != index:
                continue
            stream = self.streams.pop(ssrc, None)
            if stream is not None:
                stream.ingest.unbind(stream)
            taker = self._taker(ssrc, line, media)
            self._put(ssrc, line, taker)
            if isinstance(taker, Stream):
                taker.ingest.bind(taker)

    def _place(self, data: bytes, ssrc: int) -> tuple[int, int | None] | None:
        index = self._routes.find(data, ssrc)
        return (index, None) if index is not None else self._routes.find_repair(data, ssrc)

    def _taker(self, ssrc: int, index: int, media: int | None) -> Taker:
        line, ingest = self._lines[index], self._feeds.get(index)
        if media is not None:
            if ingest is None:
                return Shut((line.repair,), self._note_shut)
            return Repair(line.repair, lambda: self.streams.get(media) or self._newest.get(index))
        if ingest is None:
            return Shut(line.media_types, self._note_shut)
        return Stream(ssrc, line, ingest, self._clock, self._send_rtcp, self.uplink)

    def _put(self, ssrc: int, index: int, taker: Taker) -> None:
        self.inputs[ssrc] = taker
        if isinstance(taker, Repair) or self._places[ssrc][1] is not None:
            return
        if self._lines[index].kind == "video":
            self._pictures[ssrc] = index
        if isinstance(taker, Stream):
            self.streams[ssrc] = taker
            self._newest[index] = taker

    def release(self) -> None:
        """Leave all sources."""
        for stream in self.streams.values():
            stream.ingest.unbind(stream)
        self._feeds = {}
