"""Reports and requests of one peer: RTCP that comes in, RTCP that goes out each second."""

from collections.abc import Callable, Sequence

from vwindow.rtp import rtcp
from vwindow.rtp.ntp import round_trip, to_ntp
from vwindow.rtp.transportcc import TransportFeedback
from vwindow.sfu.downlink import Downlink
from vwindow.sfu.egress import Egress
from vwindow.sfu.stream import OUR_SSRC, Stream

MIN_ROUND_TRIP, MAX_ROUND_TRIP = 0.02, 0.5
CNAME = "vwindow"


class Feedback:
    """Act on a peer's reports and write ours."""

    def __init__(
        self,
        streams: dict[int, Stream],
        egresses: Sequence[Egress],
        downlink: Downlink,
        targets: dict[int, int],
        *,
        summed: bool,
        send: Callable[[bytes], None],
    ) -> None:
        """Take live views of a peer's streams and slots; `targets` has bit/s per sent video SSRC.

        `summed`: one REMB for all (a browser counts REMB per connection), else one for each.
        """
        self._streams = streams
        self._egresses = egresses
        self._downlink = downlink
        self._by_ssrc = {egress.ssrc: egress for egress in egresses}
        self._targets = targets
        self._summed = summed
        self._send = send
        self.round_trip = 0.1
        """Seconds; kept between 0.02 and 0.5 so that a NACK is neither a storm nor too late."""

    def take(self, data: bytes, now: float, wall: float) -> None:
        """Act on one compound after SRTP."""
        for report in rtcp.parse(data):
            if isinstance(report, rtcp.SenderReport):
                stream = self._streams.get(report.ssrc)
                if stream is not None:
                    stream.take_report(report, now)
                self._take_blocks(report.blocks, wall)
            elif isinstance(report, rtcp.ReceiverReport):
                self._take_blocks(report.blocks, wall)
            elif isinstance(report, rtcp.Nack):
                egress = self._by_ssrc.get(report.ssrc)
                if egress is not None:
                    egress.resend(report.numbers, now)
            elif isinstance(report, TransportFeedback):
                self._downlink.take_feedback(report, now, self.round_trip)
            elif isinstance(report, rtcp.Remb):
                self._downlink.take_remb(report.bitrate, now)
            elif isinstance(report, rtcp.KeyframeRequest):
                for ssrc in report.ssrcs:
                    egress = self._by_ssrc.get(ssrc)
                    if egress is not None and egress.source is not None:
                        egress.source.request_keyframe()

    def _take_blocks(self, blocks: Sequence[rtcp.ReportBlock], wall: float) -> None:
        for block in blocks:
            egress = self._by_ssrc.get(block.ssrc)
            if egress is not None:
                egress.loss += 0.5 * (block.fraction_lost / 256 - egress.loss)
                seconds = round_trip(to_ntp(wall), block.last_sr, block.delay)
                if seconds is not None:
                    smooth = 0.75 * self.round_trip + 0.25 * seconds
                    self.round_trip = min(MAX_ROUND_TRIP, max(MIN_ROUND_TRIP, smooth))

    def report(self, now: float, wall: float) -> None:
        """Send reports of all streams and slots, and the bandwidth the peer may use."""
        blocks = [stream.report(now) for stream in self._streams.values()]
        out = rtcp.receiver_report(OUR_SSRC, blocks)
        names = [(OUR_SSRC, CNAME)]
        for egress in self._egresses:
            report = egress.report(now, wall)
            if report:
                out += report
                names.append((egress.ssrc, egress.cname))
        self._send(out + rtcp.source_names(names) + self._bandwidth())

    def _bandwidth(self) -> bytes:
        if not self._targets:
            return b""
        if self._summed:
            return rtcp.remb(OUR_SSRC, sum(self._targets.values()), list(self._targets))
        return b"".join(rtcp.remb(OUR_SSRC, target, [ssrc]) for ssrc, target in self._targets.items())
