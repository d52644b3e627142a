"""One slot of a viewer: a sink that numbers, protects and sends what its source gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vwindow.rtp import rtcp
from vwindow.rtp.cache import Cache
from vwindow.rtp.ntp import to_ntp
from vwindow.rtp.packet import HEADER, HEADER_BYTES
from vwindow.rtp.playout import Leg, Playout, limits
from vwindow.rtp.red import RedWriter
from vwindow.rtp.repair import RepairStream
from vwindow.rtp.seq import extend
from vwindow.rtp.seqmap import SeqMap
from vwindow.rtp.stamps import Stamps
from vwindow.sfu.ports import Anchor, Format, Packet, Source
from vwindow.sfu.sdp import PLAYOUT_DELAY_URI, OfferedLine
from vwindow.sfu.seat import SlotStart

CACHE_PACKETS = 256
"""About 1.4 s of 1.5 Mbit/s."""
RESENDS_PER_SECOND = 400
PICTURE_LEAD = 0.04
"""Seconds by which a picture may be shown before its sound.

A browser holds pictures back until the sound of the same stream is there, and its sound buffer is the longer one.
Sound that lags by less than 125 ms is not noticed (ITU-R BT.1359-1, figure 2), so part of that wait is given back.
"""
BELOW = 44
"""Bytes of each packet that are not RTP: IPv4, UDP and the tag of SRTP. A narrow path carries them too."""
REPEATS = 60
"""Packets that tell a viewer to wait no more: none of so many lost ones can be missed."""
_pack = HEADER.pack


@dataclass(frozen=True, slots=True)
class Outlet:
    """How packets leave for one viewer."""

    protect: Callable[[bytes], bytes]
    send: Callable[[bytes], None]
    stamps: Stamps


class Egress:
    """Send one source in a slot with the slot's own SSRC, numbers and times.

    Nothing is queued: a packet leaves before `write` returns or is lost, and the viewer asks for it again.
    """

    def __init__(self, slot: SlotStart, line: OfferedLine, format: Format, outlet: Outlet) -> None:
        self.ssrc = slot.ssrc
        self.cname = slot.cname
        self.source: Source | None = None
        self.kind = format.kind
        self._video = format.kind == "video"
        self._rate = format.clock_rate
        self._payload_type = line.red or line.payload_type
        self._red = RedWriter(line.payload_type) if line.red else None
        self._repair = RepairStream(slot.repair, line.repair, slot.repair_first) if line.repair else None
        self._map = SeqMap(format.clock_rate, first=slot.first, first_time=slot.first_time)
        # What was sent: header and payload where a repair stream takes them again, else the protected bytes.
        self._cache: Cache[tuple[bytes, bytes]] | None = Cache(CACHE_PACKETS) if self._video else None
        self._protect = outlet.protect
        self._send = outlet.send
        self._stamp = outlet.stamps.block
        self._overhead = HEADER_BYTES + outlet.stamps.overhead + BELOW
        self._stamped = outlet.stamps.overhead > 0
        self._first_byte = 0x90 if self._stamped else 0x80
        self._delay_number = line.extension(PLAYOUT_DELAY_URI)
        self._playout = Playout()
        self._limits = b""
        """What each packet carries of how long the viewer should wait; nothing on a clean way."""
        self._ending = -1
        """Packets sent when the viewer was first told to wait no more, −1 while it waits."""
        self._started = False
        self._paused = False
        self._anchor: Anchor | None = None
        self._budget = float(RESENDS_PER_SECOND)
        self._budget_at = 0.0
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self.loss = 0.0
        """Fraction of the packets that the viewer missed at first, smoothed over its last reports."""
        self.lossy = False
        """Whether the viewer's path loses so much that a repair is sent twice."""

    @property
    def waiting(self) -> bool:
        """Tell whether the slot has a source but still no keyframe of it."""
        return self.source is not None and self._video and not self._started and not self._paused

    @property
    def paused(self) -> bool:
        """Tell whether the picture is held back because the viewer's path does not carry it."""
        return self._paused

    @property
    def missed(self) -> float:
        """Return the fraction that the viewer cannot mend by what every packet repeats."""
        return self.loss * self.loss if self._red is not None else self.loss

    def show(self, source: Source | None) -> None:
        """Switch to another source; video starts with its last keyframe when that is recent, else with its next."""
        if source is self.source:
            return
        if self.source is not None:
            self.source.detach(self)
        self.source = source
        self._started = False
        self._anchor = None
        if source is not None:
            source.attach(self)
            if not source.replay(self):
                source.request_keyframe()

    def pause(self, paused: bool) -> None:
        """Stop a picture that its viewer's path does not carry, or let it go on with a keyframe."""
        if paused != self._paused:
            self._paused = paused
            self._started = False
            if self.waiting and self.source is not None:
                self.source.request_keyframe()

    def write(self, packet: Packet) -> None:
        """Send one packet of the source, holes kept."""
        seqmap = self._map
        seq, timestamp = packet.seq, packet.timestamp
        if not self._started or seqmap.jumps(seq):
            if self._paused or (self._video and not packet.keyframe):
                self._started = False
                return
            seqmap.switch(seq, timestamp, packet.arrival)
            self._started = True
        number = seqmap.map(seq, timestamp, packet.arrival)
        if number is None:
            return
        payload = packet.payload
        time = (timestamp + seqmap.time_offset) & 0xFFFFFFFF
        if self._red is not None:
            payload = self._red.wrap(number, time, payload)
        second = self._payload_type | 0x80 if packet.marker else self._payload_type
        header = _pack(self._first_byte, second, number & 0xFFFF, time, self.ssrc)
        stamp = self._stamp(packet.arrival, self._overhead + len(payload), self._limits)
        protected = self._protect(header + stamp + payload)
        self._send(protected)
        self.packets += 1
        self.octets += len(payload)
        if self._cache is not None:
            self._cache.put(number, (header, payload) if self._repair is not None else (b"", protected))
            if self.lossy and number < seqmap.highest:
                self.resend((number,), packet.arrival)  # it was repaired once: there is no time to miss it again

    def hold(self, leg: Leg, now: float) -> None:
        """Let the viewer wait for repairs as the ways to us and from us (`leg`) need it; once a second."""
        if not self._delay_number or self.source is None:
            return
        self._playout.take((self.source.leg, leg), now)
        delay = self._playout.delay
        if delay or (self._limits and self._ending < 0):
            self._limits = limits(self._delay_number, delay)
            self._ending = -1 if delay else self.packets
        elif self._limits and self.packets - self._ending >= REPEATS:
            self._limits = b""
        self._first_byte = 0x90 if self._stamped or self._limits else 0x80

    def set_anchor(self, anchor: Anchor) -> None:
        """Learn the source's time on our clock."""
        self._anchor = anchor

    def close(self) -> None:
        """Leave the source."""
        self.show(None)

    def resend(self, numbers: Sequence[int], now: float) -> None:
        """Send again what a viewer missed.

        By the repair stream with a number of its own, else the same protected bytes: no nonce protects two packets.
        """
        if self._cache is None or self.source is None:  # nothing more of what has no grant any more
            return
        self._budget = min(RESENDS_PER_SECOND, self._budget + (now - self._budget_at) * RESENDS_PER_SECOND)
        self._budget_at = now
        for seq in numbers:
            sent = self._cache.get(extend(seq, self._map.highest))
            if sent is not None and self._budget >= 1:
                for _ in range(2 if self.lossy else 1):
                    self._budget -= 1
                    self.resent += 1
                    self._send(sent[1] if self._repair is None else self._protect(self._again(*sent, now)))

    def pad(self, octets: int, now: float) -> int:
        """Load the path with about so many bytes that the viewer has already; return how many left.

        They are the last packets once more, by the repair stream: a viewer knows what to do with those.
        """
        if self._cache is None or self._repair is None or self.source is None:  # as for what is asked for again
            return 0
        done, number = 0, self._map.highest
        while done < octets and (sent := self._cache.get(number)) is not None:
            protected = self._protect(self._again(*sent, now))
            self._send(protected)
            done += len(protected)
            number -= 1
        return done

    def _again(self, header: bytes, payload: bytes, now: float) -> bytes:
        assert self._repair is not None
        stamp = self._stamp(now, self._overhead + 2 + len(payload), self._limits)
        return self._repair.wrap(self._first_byte, header, stamp, payload)

    def report(self, now: float, wall: float) -> bytes:
        """Return our sender report, b"" while the source's time is not known; `wall` is `now` in Unix seconds."""
        anchor = self._anchor
        if anchor is None or not self._started:
            return b""
        lead = PICTURE_LEAD if self._video else 0.0
        time = self._map.map_time(anchor.timestamp) + round((now - anchor.monotonic + lead) * self._rate)
        return rtcp.sender_report(self.ssrc, to_ntp(wall), time, self.packets, self.octets)
