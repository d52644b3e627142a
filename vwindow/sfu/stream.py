"""One SSRC that a peer sends: order, loss, repair, reports."""

from collections.abc import Callable

from vwindow.rtp import red, repair, rtcp
from vwindow.rtp.loss import LossTracker
from vwindow.rtp.ntp import PeerClock, from_ntp, middle
from vwindow.rtp.packet import HEADER, extension, payload_span
from vwindow.rtp.reception import Reception
from vwindow.rtp.seq import Unwrapper, extend
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.sdp import ABS_SEND_TIME_URI, AUDIO_LEVEL_URI, OfferedLine
from vwindow.sfu.uplink import Uplink

OUR_SSRC = 1
"""Sender SSRC of our receiver reports and requests; media has random ones."""
MIN_WAIT = 0.02
STAMP_BYTES = 3
"""Of abs-send-time."""
SEEN = 1024
"""Numbers back to which a packet that comes twice is known."""


class Stream:
    """Unwrap, count and repair one SSRC and feed its source; every number is given on once."""

    __slots__ = (
        "_clock",
        "_frame",
        "_given_up",
        "_last_sr",
        "_level",
        "_loss",
        "_octets",
        "_reception",
        "_red",
        "_seen",
        "_send_rtcp",
        "_sr_arrival",
        "_time",
        "_unwrapper",
        "_uplink",
        "ingest",
        "payload_types",
        "ssrc",
        "video",
    )

    def __init__(
        self,
        ssrc: int,
        line: OfferedLine,
        ingest: Ingest,
        clock: PeerClock,
        send_rtcp: Callable[[bytes], None],
        uplink: Uplink,
    ) -> None:
        self.ssrc = ssrc
        self.payload_types = line.media_types
        self.ingest = ingest
        self.video = ingest.format.kind == "video"
        self._uplink = uplink
        self._time = line.extension(ABS_SEND_TIME_URI)
        self._octets = 0
        self._frame = -1
        self._given_up = 0
        self._red = line.red
        self._level = line.extension(AUDIO_LEVEL_URI)
        self._clock = clock
        self._send_rtcp = send_rtcp
        self._unwrapper = Unwrapper()
        self._loss = LossTracker()
        self._seen = [-1] * SEEN
        self._reception = Reception(ingest.format.clock_rate)
        self._last_sr = 0
        self._sr_arrival = 0.0

    def take(self, data: bytes, now: float, round_trip: float) -> None:
        """Take one packet after SRTP; ValueError when it is malformed."""
        _, second, seq, timestamp, _ = HEADER.unpack_from(data)
        start, end = payload_span(data)
        payload = data[start:end]
        number = self._unwrapper.take(seq)
        if not self._is_new(number):
            return
        self._reception.take(number, timestamp, now)
        if self.video:
            self._octets += len(data)
            if timestamp != self._frame:  # once a frame: its packets come together and say the same
                self._frame = timestamp
                if self._time and len(sent := extension(data, self._time) or b"") == STAMP_BYTES:
                    self._uplink.take(sent, self._octets, now, round_trip)
                    self._octets = 0
            loss = self._loss
            if not loss.take(number, now):
                self.ingest.request_keyframe()
            elif loss and (lost := loss.due(now, max(MIN_WAIT, loss.answer_time) if loss.answer_time else round_trip)):
                self._send_rtcp(rtcp.receiver_report(OUR_SSRC, ()) + rtcp.nack(OUR_SSRC, self.ssrc, lost))
            if loss.given_up != self._given_up:
                self._given_up = loss.given_up
                self.ingest.request_keyframe()  # a viewer would wait for what does not come, some for seconds
        else:
            if self._level and (level := extension(data, self._level)):
                self.ingest.hear(level[0] & 0x7F, now)
            if self._red and second & 127 == self._red and payload:
                payload = self._open(number, timestamp, payload, now)
        self.ingest.take(self, number, timestamp, second > 127, payload, now)

    def take_again(self, seq: int, timestamp: int, marker: bool, payload: bytes, now: float) -> None:
        """Take a packet that came by the repair stream, unless it came after all."""
        number = extend(seq, self._unwrapper.highest)
        if 0 <= number <= self._unwrapper.highest and self._is_new(number):
            self._octets += len(payload)
            self._loss.answer(number, now)
            self._reception.take(number, timestamp, now)
            self.ingest.take(self, number, timestamp, marker, payload, now)

    def _is_new(self, number: int) -> bool:
        """Tell whether this number comes for the first time; what is too late to tell does not."""
        at = number % SEEN
        if self._seen[at] >= number:
            return False
        self._seen[at] = number
        return True

    def _open(self, number: int, timestamp: int, payload: bytes, now: float) -> bytes:
        """Give on what a RED packet repeats and was missed; return its own payload."""
        *earlier, primary = red.split(payload)
        for back, block in zip(range(len(earlier), 0, -1), earlier, strict=True):
            if block.payload and number - back > 0 and self._is_new(number - back):
                at = (timestamp - block.offset) & 0xFFFFFFFF
                self._reception.take(number - back, at, now)
                self.ingest.take(self, number - back, at, False, block.payload, now)
        return primary.payload

    def take_report(self, report: rtcp.SenderReport, now: float) -> None:
        """Learn the stream's time from its sender report."""
        self._last_sr = middle(report.ntp)
        self._sr_arrival = now
        self.ingest.set_anchor(self, report.timestamp, self._clock.take(from_ntp(report.ntp), now))

    def report(self, now: float) -> rtcp.ReportBlock:
        """Return our receiver report block for the time since the last.

        A voice's tells the worst viewer's loss when that is more than ours: the sender adds error correction by it.
        """
        self.ingest.leg = self._loss.leg
        return self._reception.report(self.ssrc, self._last_sr, now - self._sr_arrival, self.ingest.viewers_loss)

    def request_keyframe(self) -> None:
        """Send a PLI; `Ingest` is the only caller."""
        self._send_rtcp(rtcp.receiver_report(OUR_SSRC, ()) + rtcp.picture_loss(OUR_SSRC, self.ssrc))


class Repair:
    """A repair SSRC of a peer (RFC 4588): what was lost, again, for the stream that `find` returns."""

    __slots__ = ("_find", "payload_types")

    def __init__(self, payload_type: int, find: Callable[[], Stream | None]) -> None:
        self.payload_types = (payload_type,)
        self._find = find

    def take(self, data: bytes, now: float, round_trip: float) -> None:
        """Take one packet after SRTP; ValueError when it is malformed."""
        _, second, _, timestamp, _ = HEADER.unpack_from(data)
        start, end = payload_span(data)
        original = repair.unwrap(data[start:end])
        stream = self._find()
        if original is not None and stream is not None:
            stream.take_again(original[0], timestamp, second > 127, original[1], now)
