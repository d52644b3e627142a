"""The path from the worker to one viewer: what its packets carry to measure it, and what it is good for."""

from vwindow.rtp.estimator import REACH, Estimator
from vwindow.rtp.playout import Leg
from vwindow.rtp.probe import Probe
from vwindow.rtp.stamps import Stamps
from vwindow.rtp.transportcc import TransportFeedback
from vwindow.sfu.sdp import ABS_SEND_TIME_URI, TRANSPORT_CC_URI, Offer, OfferedLine

CEILING = 8_000_000
"""Bit/s above which a path is as good as any: five pictures of 1.5 Mbit/s and the voices."""
FULL_SECONDS = 2.0
REMB_SECONDS = 10.0
"""A viewer's own estimate counts so long: browsers may fall silent."""


class Downlink:
    """Measure by transport-wide feedback where the viewer offered it, else believe its REMB."""

    def __init__(self, offer: Offer) -> None:
        slots = [line for line, want in zip(offer.lines, offer.table, strict=True) if not want.sends]
        pictures = [line for line in slots if line.kind == "video"] or slots
        self.transport_wide = any(line.transport_wide for line in pictures)
        # In one bundle a number means the same extension on all m-lines (RFC 8843 §9.1).
        number = next((line.extension(TRANSPORT_CC_URI) for line in slots if line.transport_wide), 0)
        time = next((line.extension(ABS_SEND_TIME_URI) for line in slots if line.extension(ABS_SEND_TIME_URI)), 0)
        self._wide, self._timed, self._bare = Stamps(number, time), Stamps(0, time), Stamps(0, 0)
        # Without a repair stream nothing can be sent only to try the path out (see Egress.pad).
        self._estimator = Estimator(CEILING, REACH if any(line.repair for line in slots) else float("inf"))
        self._probe = Probe()
        self.need = 0
        """Bit/s that would let all pictures through that pause; 0 when none does."""
        self._sent = self._lost = 0
        self._remb = 0
        self._remb_at = float("-inf")

    def stamps(self, line: OfferedLine) -> Stamps:
        """Return what the packets of a slot carry."""
        if line.transport_wide:
            return self._wide
        return self._timed if line.extension(ABS_SEND_TIME_URI) else self._bare

    def take_feedback(self, feedback: TransportFeedback, now: float, round_trip: float) -> None:
        """Learn from a transport-wide report."""
        samples = self._wide.take(feedback)
        if samples:
            # Overtaken by others over the end of a report is not lost.
            self._sent += len(samples) - self._wide.recovered
            self._lost += sum(arrived is None for _, arrived, _ in samples) - self._wide.recovered
            self._estimator.take(samples, now, round_trip)

    def take_remb(self, bitrate: int, now: float) -> None:
        """Learn the viewer's own estimate in bit/s."""
        self._remb, self._remb_at = bitrate, now

    def estimate(self, now: float) -> int | None:
        """Return the bit/s that the path carries, None when nobody told."""
        if self.transport_wide:
            return int(self._estimator.bitrate)
        return self._remb if now - self._remb_at < REMB_SECONDS else None

    def padding(self, now: float, sent: int) -> int:
        """Return the bytes to send only to find out whether the path carries more; `sent` counts those of media."""
        if not self.transport_wide:
            return 0
        return self._probe.octets(now, sent, self._estimator.bitrate, self.need, self._estimator.fell)

    def full(self, now: float) -> bool:
        """Tell whether the path was lately asked for more than it carries."""
        return now - self._estimator.fell < FULL_SECONDS

    @property
    def probing(self) -> bool:
        """Tell whether the path is being tried out."""
        return self._probe.busy

    def leg(self, round_trip: float) -> Leg:
        """Return what was lost so far, as far as transport-wide reports tell; a repair takes a round trip."""
        return Leg(self._lost, self._sent, round_trip)

    @property
    def loss(self) -> float:
        """Return the fraction of our packets that do not come, as far as transport-wide reports tell."""
        return self._estimator.loss
