"""One SSRC that a peer sends: order, loss, reports."""

from collections.abc import Callable

from vwindow.rtp import rtcp
from vwindow.rtp.loss import LossTracker
from vwindow.rtp.ntp import PeerClock, from_ntp, middle
from vwindow.rtp.packet import HEADER, payload_span
from vwindow.rtp.reception import Reception
from vwindow.rtp.seq import Unwrapper
from vwindow.sfu.ingest import Ingest

OUR_SSRC = 1
"""Sender SSRC of our receiver reports and requests; media has random ones."""


class Stream:
    """Unwrap, count and repair one SSRC and feed its source."""

    __slots__ = (
        "_clock",
        "_last_sr",
        "_loss",
        "_reception",
        "_send_rtcp",
        "_sr_arrival",
        "_unwrapper",
        "ingest",
        "payload_type",
        "ssrc",
        "video",
    )

    def __init__(
        self, ssrc: int, payload_type: int, ingest: Ingest, clock: PeerClock, send_rtcp: Callable[[bytes], None]
    ) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.ingest = ingest
        self.video = ingest.format.kind == "video"
        self._clock = clock
        self._send_rtcp = send_rtcp
        self._unwrapper = Unwrapper()
        self._loss = LossTracker()
        self._reception = Reception(ingest.format.clock_rate)
        self._last_sr = 0
        self._sr_arrival = 0.0

    def take(self, data: bytes, now: float, round_trip: float) -> None:
        """Take one packet after SRTP; ValueError when it is malformed."""
        _, second, seq, timestamp, _ = HEADER.unpack_from(data)
        start, end = payload_span(data)
        number = self._unwrapper.take(seq)
        self._reception.take(number, timestamp, now)
        if self.video:
            loss = self._loss
            if not loss.take(number, now):
                self.ingest.request_keyframe()
            elif loss and (lost := loss.due(now, round_trip)):
                self._send_rtcp(rtcp.receiver_report(OUR_SSRC, ()) + rtcp.nack(OUR_SSRC, self.ssrc, lost))
        self.ingest.take(self, number, timestamp, second > 127, data[start:end], now)

    def take_report(self, report: rtcp.SenderReport, now: float) -> None:
        """Learn the stream's time from its sender report."""
        self._last_sr = middle(report.ntp)
        self._sr_arrival = now
        self.ingest.set_anchor(self, report.timestamp, self._clock.take(from_ntp(report.ntp), now))

    def report(self, now: float) -> rtcp.ReportBlock:
        """Return our receiver report block for the time since the last."""
        return self._reception.report(self.ssrc, self._last_sr, now - self._sr_arrival)

    def request_keyframe(self) -> None:
        """Send a PLI; `Ingest` is the only caller."""
        self._send_rtcp(rtcp.receiver_report(OUR_SSRC, ()) + rtcp.picture_loss(OUR_SSRC, self.ssrc))
