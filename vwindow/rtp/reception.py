"""What a receiver report says of one stream (RFC 3550 §6.4.1, appendix A.3 and A.8)."""

from vwindow.rtp.rtcp import ReportBlock


class Reception:
    """Count packets, loss and jitter of one stream."""

    __slots__ = (
        "_base",
        "_expected_before",
        "_highest",
        "_jitter",
        "_rate",
        "_received_before",
        "_transit",
        "received",
    )

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._base = -1
        self._highest = -1
        self.received = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = 0
        self._received_before = 0

    def take(self, number: int, timestamp: int, arrival: float) -> None:
        """Note a packet: extended number, RTP time, arrival in seconds."""
        self.received += 1
        if number > self._highest:
            if self._base < 0:
                self._base = number
            self._highest = number
            transit = arrival * self._rate - timestamp
            if self._transit is not None:
                change = abs(transit - self._transit)
                if change < 10 * self._rate:  # a wrap or a jump of the RTP time is no jitter
                    self._jitter += (change - self._jitter) / 16
            self._transit = transit

    def report(self, ssrc: int, last_sr: int, since_sr: float, at_least: float = 0.0) -> ReportBlock:
        """Close the interval: `last_sr` is the middle 32 bits of the last SR, `since_sr` its age in seconds.

        `at_least`: a fraction that the block tells when less was lost here.
        """
        expected = self._highest - self._base + 1 if self._base >= 0 else 0
        lost = expected - self.received
        interval = expected - self._expected_before
        lost_now = interval - (self.received - self._received_before)
        self._expected_before = expected
        self._received_before = self.received
        fraction = min(255, lost_now * 256 // interval) if interval > 0 and lost_now > 0 else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=max(fraction, min(255, int(at_least * 256))),
            lost=max(-0x800000, min(0x7FFFFF, lost)),
            highest=max(self._highest, 0) & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            last_sr=last_sr,
            delay=min(0xFFFFFFFF, int(since_sr * 65536)) if last_sr else 0,
        )
