"""What takes a packet that a peer sends: a stream of one of its sources, or the repair of one."""

from collections.abc import Callable, Mapping

from vwindow.rtp.ntp import PeerClock
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.ports import SourceName
from vwindow.sfu.routes import Routes
from vwindow.sfu.sdp import Offer
from vwindow.sfu.stream import Repair, Stream
from vwindow.sfu.uplink import Uplink


class Intake:
    """Hold a peer's streams by SSRC; `feeds` has the source of each granted m-line."""

    def __init__(
        self, offer: Offer, feeds: Mapping[int, Ingest], send_rtcp: Callable[[bytes], None], ceiling: int
    ) -> None:
        self._lines = offer.lines
        self._feeds = feeds
        self._routes = Routes(offer)
        self._send_rtcp = send_rtcp
        self._clock = PeerClock()
        self._newest: dict[int, Stream] = {}
        self.inputs: dict[int, Stream | Repair] = {}
        self.streams: dict[int, Stream] = {}
        """Media alone."""
        self.videos: dict[int, SourceName] = dict(self._routes.granted_video)
        """SSRCs of granted video, announced or seen, each with its source."""
        self.uplink = Uplink(ceiling)

    def admit(self, data: bytes, ssrc: int) -> Stream | Repair | None:
        """Make what takes a new SSRC, None when no granted source does; it counts from `keep` on."""
        index = self._routes.find(data, ssrc)
        if index is not None:
            ingest = self._feeds.get(index)
            return (
                Stream(ssrc, self._lines[index], ingest, self._clock, self._send_rtcp, self.uplink) if ingest else None
            )
        found = self._routes.find_repair(data, ssrc)
        if found is None or found[0] not in self._feeds:
            return None
        line, media = found
        return Repair(self._lines[line].repair, lambda: self.streams.get(media) or self._newest.get(line))

    def keep(self, ssrc: int, data: bytes, taker: Stream | Repair) -> None:
        """Give an SSRC to the one that was made for it, after its first packet was found authentic."""
        self.inputs[ssrc] = taker
        if isinstance(taker, Stream):
            self.streams[ssrc] = taker
            if taker.video:
                self.videos[ssrc] = taker.ingest.name
            index = self._routes.find(data, ssrc)
            if index is not None:
                self._newest[index] = taker

    def release(self) -> None:
        """Leave all sources."""
        for stream in self.streams.values():
            stream.ingest.unbind(stream)
        self._feeds = {}
