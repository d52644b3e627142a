"""The trend of delay over what a clock of a sender does."""

import pytest

from vwindow.rtp.delay import DelayTrend
from vwindow.sfu.uplink import Uplink

UNITS = 1 << 18
CEILING = 3_000_000


def load(uplink: Uplink, start: float, seconds: float, rate: float, path: float) -> None:
    """Send frames at `rate` bit/s for some seconds into a path of `path` bit/s."""
    octets, free = int(rate / 30 / 8), start
    for frame in range(int(seconds * 30)):
        sent = start + frame / 30
        free = max(free, sent) + 8 * octets / path
        uplink.take((int(sent * UNITS) & 0xFFFFFF).to_bytes(3, "big"), octets, free + 0.02, 0.05)


@pytest.mark.parametrize("pause", [5.0, 31.0, 40.0, 63.0, 70.0, 130.0])
def test_a_queue_is_seen_after_any_pause_of_the_camera(pause: float) -> None:
    uplink = Uplink(CEILING)
    load(uplink, 100.0, 5, 1_000_000, 20e6)
    assert uplink.estimate == CEILING
    load(uplink, 105.0 + pause, 8, 1_500_000, 700_000)
    assert uplink.estimate < 1_000_000


def test_a_packet_out_of_order_stays_in_its_group() -> None:
    trend = DelayTrend()
    for step in range(200):
        trend.take(step * 0.01, step * 0.01 + 0.02)
        trend.take(step * 0.01 - 0.004, step * 0.01 + 0.021)
    assert trend.state == 0
