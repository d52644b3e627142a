"""Reports and requests of one peer: RTCP that comes in, RTCP that goes out each second."""

from collections.abc import Callable, Mapping, Sequence

from vwindow.rtp import rtcp
from vwindow.rtp.ntp import round_trip, to_ntp
from vwindow.rtp.transportcc import TransportFeedback
from vwindow.sfu.allocation import FACE_FLOOR, fit
from vwindow.sfu.downlink import Downlink
from vwindow.sfu.egress import Egress
from vwindow.sfu.intake import Intake
from vwindow.sfu.stream import OUR_SSRC

MIN_ROUND_TRIP, MAX_ROUND_TRIP = 0.02, 0.5
CNAME = "vwindow"
LOSSY = 0.02
"""Fraction lost from which on a repair is sent twice: one that is lost too freezes the picture."""
HYSTERESIS = 0.1
"""A target that changes by less is not told: a sender may begin its encoder anew for each."""


class Feedback:
    """Act on a peer's reports and write ours."""

    def __init__(
        self,
        intake: Intake,
        egresses: Sequence[Egress],
        downlink: Downlink,
        bitrate: int,
        *,
        summed: bool,
        send: Callable[[bytes], None],
    ) -> None:
        """Take what a peer sends and is shown; `bitrate` in bit/s is what each picture may have at first.

        `summed`: one REMB for all (a browser counts REMB per connection), else one for each.
        """
        self._intake = intake
        self._egresses = egresses
        self._downlink = downlink
        self._by_ssrc = {egress.ssrc: egress for egress in egresses}
        self._bitrate = bitrate
        self._told: dict[str, int] = {}
        self._summed = summed
        self._send = send
        self.round_trip = 0.1
        """Seconds; kept between 0.02 and 0.5 so that a NACK is neither a storm nor too late."""

    def take(self, data: bytes, now: float, wall: float) -> None:
        """Act on one compound after SRTP."""
        for report in rtcp.parse(data):
            if isinstance(report, rtcp.SenderReport):
                stream = self._intake.streams.get(report.ssrc)
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
                # On a path that is full a second copy would only be lost beside the first.
                lossy = self._downlink.loss > LOSSY and not self._downlink.full(now)
                for egress in self._egresses:
                    egress.lossy = lossy
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
        blocks = [stream.report(now) for stream in self._intake.streams.values()]
        out = rtcp.receiver_report(OUR_SSRC, blocks)
        names = [(OUR_SSRC, CNAME)]
        leg = self._downlink.leg(self.round_trip)
        for egress in self._egresses:
            egress.hold(leg, now)
            report = egress.report(now, wall)
            if report:
                out += report
                names.append((egress.ssrc, egress.cname))
        self._send(out + rtcp.source_names(names) + self._bandwidth())

    def retarget(self, targets: Mapping[str, int], used: Mapping[str, float]) -> None:
        """Take the bit/s that each source may send, and what it sends; what is less than before is told at once."""
        videos = set(self._intake.videos.values())
        asked: dict[str, int] = {name: targets.get(name, self._bitrate) for name in videos}
        wanted = fit(asked, used, self._intake.uplink.estimate)
        lowered = False
        for name, target in wanted.items():
            told = self._told.get(name, self._bitrate)
            if abs(target - told) > HYSTERESIS * told or (target > told and target == self._bitrate):
                self._told[name] = target
                lowered = lowered or target < told
        if lowered:
            self._send(rtcp.receiver_report(OUR_SSRC, ()) + self._bandwidth())

    @property
    def shares(self) -> dict[str, int]:
        """Return the bit/s that each picture of the peer may have, as it was told by their sum or one by one."""
        return {name: self._told.get(name, self._bitrate) for name in set(self._intake.videos.values())}

    def _bandwidth(self) -> bytes:
        videos = self._intake.videos
        targets = {ssrc: self._told.get(name, self._bitrate) for ssrc, name in videos.items()}
        if self._summed:
            return rtcp.remb(OUR_SSRC, sum(self.shares.values()), list(targets)) if videos else b""
        # What nobody is shown need not be sent well.
        targets.update(dict.fromkeys(self._intake.shut_videos, FACE_FLOOR))
        return b"".join(rtcp.remb(OUR_SSRC, target, [ssrc]) for ssrc, target in targets.items())
