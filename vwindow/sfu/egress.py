"""One slot of a viewer: a sink that numbers, protects and sends what its source gives."""

from collections.abc import Callable, Sequence

from vwindow.rtp import rtcp
from vwindow.rtp.cache import Cache
from vwindow.rtp.ntp import to_ntp
from vwindow.rtp.packet import HEADER
from vwindow.rtp.seq import extend
from vwindow.rtp.seqmap import SeqMap
from vwindow.sfu.ports import Anchor, Format, Packet, Source
from vwindow.sfu.seat import SlotStart

CACHE_PACKETS = 256
"""About 1.4 s of 1.5 Mbit/s."""
RESENDS_PER_SECOND = 400
PICTURE_LEAD = 0.04
"""Seconds by which a picture may be shown before its sound.

A browser holds pictures back until the sound of the same stream is there, and its sound buffer is the longer one.
Sound that lags by less than 125 ms is not noticed (ITU-R BT.1359-1, figure 2), so part of that wait is given back.
"""
_pack = HEADER.pack


class Egress:
    """Send one source in a slot with the slot's own SSRC, numbers and times.

    Nothing is queued: a packet leaves before `write` returns or is lost, and the viewer asks for it again.
    """

    def __init__(
        self,
        slot: SlotStart,
        payload_type: int,
        format: Format,
        protect: Callable[[bytes], bytes],
        send: Callable[[bytes], None],
    ) -> None:
        self.ssrc = slot.ssrc
        self.cname = slot.cname
        self.source: Source | None = None
        self._payload_type = payload_type
        self._video = format.kind == "video"
        self._rate = format.clock_rate
        self._map = SeqMap(format.clock_rate, first=slot.first, first_time=slot.first_time)
        self._cache = Cache(CACHE_PACKETS) if self._video else None
        self._protect = protect
        self._send = send
        self._started = False
        self._anchor: Anchor | None = None
        self._budget = float(RESENDS_PER_SECOND)
        self._budget_at = 0.0
        self.packets = 0
        self.octets = 0
        self.resent = 0

    @property
    def waiting(self) -> bool:
        """Tell whether the slot has a source but still no keyframe of it."""
        return self.source is not None and self._video and not self._started

    def show(self, source: Source | None) -> None:
        """Switch to another source; video starts with its next keyframe, which is asked for."""
        if source is self.source:
            return
        if self.source is not None:
            self.source.detach(self)
        self.source = source
        self._started = False
        self._anchor = None
        if source is not None:
            source.attach(self)
            source.request_keyframe()

    def write(self, packet: Packet) -> None:
        """Send one packet of the source, holes kept."""
        seqmap = self._map
        seq, timestamp = packet.seq, packet.timestamp
        if not self._started or seqmap.jumps(seq):
            if self._video and not packet.keyframe:
                self._started = False
                return
            seqmap.switch(seq, timestamp, packet.arrival)
            self._started = True
        number = seqmap.map(seq, timestamp, packet.arrival)
        if number is None:
            return
        payload_type = self._payload_type
        protected = self._protect(
            _pack(
                0x80,
                payload_type | 0x80 if packet.marker else payload_type,
                number & 0xFFFF,
                (timestamp + seqmap.time_offset) & 0xFFFFFFFF,
                self.ssrc,
            )
            + packet.payload
        )
        self._send(protected)
        self.packets += 1
        self.octets += len(packet.payload)
        if self._cache is not None:
            self._cache.put(number, protected)

    def set_anchor(self, anchor: Anchor) -> None:
        """Learn the source's time on our clock."""
        self._anchor = anchor

    def close(self) -> None:
        """Leave the source."""
        self.show(None)

    def resend(self, numbers: Sequence[int], now: float) -> None:
        """Send again what a viewer missed: the same protected bytes, so no nonce protects two packets."""
        if self._cache is None:
            return
        self._budget = min(RESENDS_PER_SECOND, self._budget + (now - self._budget_at) * RESENDS_PER_SECOND)
        self._budget_at = now
        for seq in numbers:
            protected = self._cache.get(extend(seq, self._map.highest))
            if protected is not None and self._budget >= 1:
                self._budget -= 1
                self.resent += 1
                self._send(protected)

    def report(self, now: float, wall: float) -> bytes:
        """Return our sender report, b"" while the source's time is not known; `wall` is `now` in Unix seconds."""
        anchor = self._anchor
        if anchor is None or not self._started:
            return b""
        lead = PICTURE_LEAD if self._video else 0.0
        time = self._map.map_time(anchor.timestamp) + round((now - anchor.monotonic + lead) * self._rate)
        return rtcp.sender_report(self.ssrc, to_ntp(wall), time, self.packets, self.octets)
