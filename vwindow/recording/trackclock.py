"""When a track's packets were made, on the worker's clock."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from vwindow.sfu.ports import Anchor, Packet

NEAR_PACKETS = 100
OLD_PACKETS = 5000
NEAR_JUMP_SECONDS = 10.0
FAR_JUMP_SECONDS = 2.0
ANCHOR_JUMP_SECONDS = 2.0
ANCHOR_TRUST_SECONDS = 3.0
SMOOTH_SECONDS = 60.0
_MAX_EARLY_ANCHORS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A packet's place in its track: `ticks` is the RTP time without wraps, counted within an epoch."""

    epoch: int
    ticks: int


@dataclass(slots=True)
class _Epoch:
    # Offset = seconds on the worker's clock minus ticks in seconds: constant but for drift and network delay.
    anchors: list[tuple[float, float]] = field(default_factory=list)
    arrivals: dict[int, tuple[float, float]] = field(default_factory=dict)


class TrackClock:
    """Unwrap a track's RTP times, and tell the worker's time of each.

    Feed packets and anchors in the order of the journal, ask for times when all were fed. An epoch ends where the
    source began a new RTP time or numbering (it restarted): a jump of the RTP time that the arrivals do not share. A
    stall of the network is no jump as long as the numbers go on. Times come from the anchors of the epoch, or without
    any from its fastest arrivals.
    """

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._epochs: list[_Epoch] = []
        self._curves: list[_Curve] | None = None
        self._last: Packet | None = None
        self._ticks = 0
        self._early: list[Anchor] = []

    def place(self, packet: Packet) -> Place:
        """Return where a packet stands; packets in the order of the journal."""
        last = self._last
        if last is None or self._jumped(last, packet):
            self._epochs.append(_Epoch())
            self._ticks = ticks = packet.timestamp
            self._last = packet
            waiting, self._early = self._early, []
            for anchor in waiting:
                self.anchor(anchor)
        else:
            delta = _signed(packet.timestamp - last.timestamp)
            ticks = self._ticks + delta
            if packet.seq > last.seq:
                self._ticks = ticks
                self._last = packet
        epoch = self._epochs[-1]
        offset = packet.arrival - ticks / self._rate
        second = int(packet.arrival)
        if second not in epoch.arrivals or offset < epoch.arrivals[second][1]:
            epoch.arrivals[second] = (ticks / self._rate, offset)
        return Place(len(self._epochs) - 1, ticks)

    def anchor(self, anchor: Anchor) -> None:
        """Learn an anchor; one that fits no packet yet waits for the next epoch (the last 8 do)."""
        last = self._last
        if last is not None:
            delta = _signed(anchor.timestamp - last.timestamp)
            if abs(delta / self._rate - (anchor.monotonic - last.arrival)) <= ANCHOR_JUMP_SECONDS:
                made = (self._ticks + delta) / self._rate
                self._epochs[-1].anchors.append((made, anchor.monotonic - made))
                return
        self._early = [*self._early, anchor][-_MAX_EARLY_ANCHORS:]

    def time(self, place: Place) -> float:
        """Return the worker's monotonic seconds at which a packet was made; ask only when all were fed."""
        if self._curves is None:
            self._curves = [_Curve(epoch) for epoch in self._epochs]
        made = place.ticks / self._rate
        return made + self._curves[place.epoch].offset(made)

    def _jumped(self, last: Packet, packet: Packet) -> bool:
        made = _signed(packet.timestamp - last.timestamp) / self._rate
        if packet.seq < last.seq - OLD_PACKETS:
            return True
        near = abs(packet.seq - last.seq) <= NEAR_PACKETS
        limit = NEAR_JUMP_SECONDS if near else FAR_JUMP_SECONDS
        return abs(made - (packet.arrival - last.arrival)) > limit


class _Curve:
    """The offset of an epoch over its time, without the delays that single reports had."""

    def __init__(self, epoch: _Epoch) -> None:
        arrivals = sorted(epoch.arrivals.values())
        trusted = _lowest_around(arrivals)
        anchors = [
            point
            for point in sorted(set(epoch.anchors))
            if abs(_interpolate(trusted, point[0]) - point[1]) <= ANCHOR_TRUST_SECONDS
        ]
        self._points = _lowest_around(anchors) if anchors else trusted

    def offset(self, made: float) -> float:
        return _interpolate(self._points, made)


def _lowest_around(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    # Delay only ever adds, so the lowest offset nearby is the truest; a minute bounds what clock drift can add.
    times = [made for made, _ in points]
    smooth = []
    for made, _ in points:
        first, end = bisect_left(times, made - SMOOTH_SECONDS), bisect_right(times, made + SMOOTH_SECONDS)
        smooth.append((made, min(offset for _, offset in points[first:end])))
    return smooth


def _interpolate(points: list[tuple[float, float]], made: float) -> float:
    after = bisect_left(points, made, key=lambda point: point[0])
    if after == 0:
        return points[0][1]
    if after == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[after - 1], points[after]
    return low + (high - low) * (made - left) / (right - left) if right > left else high


def _signed(difference: int) -> int:
    """Read the difference of two 32-bit times as the nearer of both ways round."""
    return (difference + 0x80000000 & 0xFFFFFFFF) - 0x80000000
