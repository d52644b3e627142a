"""One source of a room: what comes from whichever peer carries it now, for any number of sinks."""

import logging
from dataclasses import replace
from typing import Protocol

from vwindow.clock import Clock
from vwindow.rtp.keyframe import starts_h264_keyframe, starts_vp8_keyframe
from vwindow.rtp.playout import Leg
from vwindow.rtp.seqmap import SeqMap
from vwindow.sfu.ports import Anchor, Format, Packet, Sink, SourceName

log = logging.getLogger(__name__)

REPLAY_PACKETS = 160
REPLAY_SECONDS = 0.7
"""A new viewer starts from a keyframe that is no older than both say; else another one is asked for."""
KEYFRAME_INTERVAL, MOST_INTERVAL = 0.5, 10.0
"""Seconds between two requests for a keyframe, from all viewers together."""
KEYFRAME_SHARE = 0.5
"""How much of what a picture may have its keyframes may take: on a narrow path one would overrun another."""


class Upstream(Protocol):
    """Who can be asked for a keyframe: the stream that feeds a source now."""

    def request_keyframe(self) -> None: ...


class Ingest:
    """Take the packets of one source after SRTP and hand them to its sinks.

    The name is the identity: when another peer or SSRC takes over, numbers and times go on, and video
    waits for the keyframe of the new stream.
    """

    def __init__(self, name: SourceName, format: Format, clock: Clock) -> None:
        self._name = name
        self._format = format
        self._clock = clock
        self._sinks: tuple[Sink, ...] = ()
        self._map = SeqMap(format.clock_rate, first=0x10000, first_time=0)
        self._upstream: Upstream | None = None
        self._started = False
        self._video = format.kind == "video"
        self._h264 = format.codec == "h264"
        self._starts_keyframe = starts_h264_keyframe if self._h264 else starts_vp8_keyframe
        self._keyframe = 0
        self._keyframe_time = -1
        """Bytes and RTP time of the last keyframe; H.264 begins one twice, with its parameters and with the picture."""
        self._asked = float("-inf")
        self._wanted = False
        self._complained: set[int] = set()
        self._anchor: Anchor | None = None
        self._recent: list[Packet] | None = None
        """The last keyframe and what followed, None when that is too long or too old."""
        self.target = 0
        """Bit/s that the picture may be sent with; 0 when nobody said."""
        self.level = 0.0
        """How loud a voice is, 0 (silent or not told) to 127, smoothed over half a second (RFC 6464)."""
        self._heard = 0.0
        self.leg = Leg()
        """What the way from the sender loses of a picture, and how long a repair takes."""
        self.viewers_loss = 0.0
        """Fraction that the worst required viewer misses of a voice, before repair."""
        self.last_packet = float("-inf")
        self.packets = 0
        self.octets = 0
        self.sink_errors = 0

    @property
    def name(self) -> SourceName:
        return self._name

    @property
    def format(self) -> Format:
        return self._format

    def hear(self, level: int, now: float) -> None:
        """Take the level of one audio packet in −dBov (0 loudest, 127 silence)."""
        weight = min(1.0, max(0.04, 2 * (now - self._heard)))  # packets of silence are few: each stands for its time
        self._heard = now
        self.level += weight * (127 - level - self.level)

    def attach(self, sink: Sink) -> None:
        """Add a sink; it gets packets from now on."""
        if sink not in self._sinks:
            self._sinks = (*self._sinks, sink)
            if self._anchor is not None:
                sink.set_anchor(self._anchor)

    def detach(self, sink: Sink) -> None:
        """Remove a sink; it gets nothing any more."""
        self._sinks = tuple(known for known in self._sinks if known is not sink)
        self._complained.discard(id(sink))

    def replay(self, sink: Sink) -> bool:
        """Give a sink that is attached now the last keyframe and what followed; False when that is too old."""
        recent = self._recent
        now = self._clock.monotonic()
        if not recent or now - recent[0].arrival > REPLAY_SECONDS:
            return False
        for packet in recent:
            sink.write(replace(packet, arrival=now))
        return True

    def request_keyframe(self) -> None:
        """Ask for a keyframe, at most twice a second; a request in between is kept and sent then."""
        if not self._video:
            return
        self._wanted = True
        self.tick(self._clock.monotonic())

    @property
    def interval(self) -> float:
        """Return the seconds between two requests for a keyframe, by how long the last one takes to send."""
        if not self.target:
            return KEYFRAME_INTERVAL
        return min(MOST_INTERVAL, max(KEYFRAME_INTERVAL, 8 * self._keyframe / (KEYFRAME_SHARE * self.target)))

    def tick(self, now: float) -> None:
        """Send a kept request when it is due; keep asking while a new stream has no keyframe."""
        waiting = self._upstream is not None and not self._started and self._video
        if (self._wanted or waiting) and self._upstream is not None and now - self._asked >= self.interval:
            self._asked = now
            self._wanted = False
            self._upstream.request_keyframe()

    @property
    def live(self) -> bool:
        """Tell whether there is a stream that sends it, or is about to."""
        return self._upstream is not None

    def bind(self, upstream: Upstream) -> None:
        """Take another stream from now on."""
        self._upstream = upstream
        self._started = False
        self._anchor = None
        self._recent = None
        self._keyframe = 0
        self._keyframe_time = -1

    def unbind(self, upstream: Upstream) -> None:
        """Forget a stream that will send no more, and what it sent last: who comes later is not shown it."""
        if self._upstream is upstream:
            self._upstream = None
            self._recent = None

    def take(self, upstream: Upstream, number: int, timestamp: int, marker: bool, payload: bytes, now: float) -> None:
        """Take one packet: extended number, 32-bit time, payload without padding, arrival."""
        if upstream is not self._upstream:
            self.bind(upstream)
        keyframe = self._video and self._starts_keyframe(payload)
        if keyframe and self._h264 and timestamp == self._keyframe_time:
            keyframe = False
        seqmap = self._map
        if not self._started or seqmap.jumps(number):
            if self._video and not keyframe:
                self._started = False
                self._recent = None
                self.tick(now)
                return
            seqmap.switch(number, timestamp, now)
            self._started = True
        out = seqmap.map(number, timestamp, now)
        if out is None:
            return
        if keyframe:
            self._wanted = False
            self._keyframe, self._keyframe_time = 0, timestamp
        if timestamp == self._keyframe_time:
            self._keyframe += len(payload)
        self.last_packet = now
        self.packets += 1
        self.octets += len(payload)
        packet = Packet(out, (timestamp + seqmap.time_offset) & 0xFFFFFFFF, marker, payload, now, keyframe)
        if keyframe:
            self._recent = [packet]
        elif self._recent is not None:
            self._recent.append(packet)
            if len(self._recent) > REPLAY_PACKETS:
                self._recent = None
        for sink in self._sinks:
            try:
                sink.write(packet)
            except Exception:  # noqa: BLE001  a sink that fails must not end the source or other sinks
                self._complain(sink)

    def set_anchor(self, upstream: Upstream, timestamp: int, monotonic: float) -> None:
        """Learn from a sender report of the present stream when `timestamp` was, on our clock."""
        if upstream is not self._upstream or not self._started:
            return
        self._anchor = Anchor(self._map.map_time(timestamp), monotonic)
        for sink in self._sinks:
            try:
                sink.set_anchor(self._anchor)
            except Exception:  # noqa: BLE001  as above
                self._complain(sink)

    def _complain(self, sink: Sink) -> None:
        self.sink_errors += 1
        if id(sink) not in self._complained:
            self._complained.add(id(sink))
            log.exception("a sink of %s failed; further failures are only counted", self._name)
