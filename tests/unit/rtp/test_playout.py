"""How long a viewer waits: nothing on a clean way, about a round trip of each lossy leg, and back again slowly."""

from vwindow.rtp.packet import extension
from vwindow.rtp.playout import MOST, ROUND_TRIPS, Leg, Playout, limits
from vwindow.rtp.stamps import Stamps

PER_SECOND = 150


def after(playout: Playout, seconds: int, first: int, *ways: tuple[float, float]) -> int:
    """Let seconds pass in which each way loses a fraction and repairs in some seconds; return the next second."""
    for second in range(first, first + seconds):
        legs = [Leg(round(loss * PER_SECOND * second), PER_SECOND * second, repair) for loss, repair in ways]
        playout.take(legs, float(second))
    return first + seconds


def test_a_clean_way_is_never_waited_for() -> None:
    playout = Playout()
    after(playout, 60, 1, (0.0, 0.4), (0.001, 0.4))
    assert playout.delay == 0


def test_each_lossy_leg_counts_with_its_repair() -> None:
    for ways, legs in (
        (((0.05, 0.12), (0.05, 0.1)), 0.22),
        (((0.05, 0.12), (0.0, 0.1)), 0.12),
        (((0.0, 0.12), (0.05, 0.1)), 0.1),
    ):
        playout = Playout()
        after(playout, 10, 1, *ways)
        assert abs(playout.delay - ROUND_TRIPS * legs) < 1e-9


def test_loss_is_waited_for_within_two_seconds() -> None:
    playout = Playout()
    second = after(playout, 30, 1, (0.0, 0.12), (0.0, 0.12))
    for more in (1, 2):
        playout.take([Leg(8 * more, PER_SECOND * (second + more), 0.12), Leg(0, 0, 0.12)], float(second + more))
    assert playout.delay > 0.12


def test_one_loss_is_no_reason() -> None:
    playout = Playout()
    for second in range(1, 60):
        playout.take([Leg(1 if second >= 30 else 0, PER_SECOND * second, 0.4)], float(second))
    assert playout.delay == 0


def test_short_repairs_are_not_noticed_and_long_ones_are_bounded() -> None:
    near, far = Playout(), Playout()
    after(near, 20, 1, (0.05, 0.02), (0.05, 0.02))
    after(far, 20, 1, (0.05, 0.5), (0.05, 0.5))
    assert near.delay == 0
    assert far.delay == MOST


def test_a_way_that_is_good_again_is_waited_for_less_and_less() -> None:
    playout = Playout()
    second = after(playout, 20, 1, (0.05, 0.12), (0.05, 0.12))
    held = playout.delay
    lost = round(0.05 * PER_SECOND * (second - 1))
    delays = []
    for more in range(1, 60):
        playout.take([Leg(lost, PER_SECOND * (second + more), 0.12)] * 2, float(second + more))
        delays.append(playout.delay)
    assert delays == sorted(delays, reverse=True)
    assert delays[5] > held / 2
    assert delays[-1] == 0


def test_a_source_that_begins_anew_is_no_loss() -> None:
    playout = Playout()
    second = after(playout, 10, 1, (0.0, 0.12))
    playout.take([Leg(0, 10, 0.12)], float(second))
    after(playout, 10, second + 1, (0.0, 0.12))
    assert playout.delay == 0


def test_the_element_is_what_browsers_read() -> None:
    for stamps in (Stamps(3, 2), Stamps(3, 0), Stamps(0, 2), Stamps(0, 0)):
        packet = b"\x90" + bytes(11) + stamps.block(65.5, 100, limits(6, 0.24)) + b"payload"
        assert extension(packet, 6) == bytes((0x01, 0x83, 0xE8))  # 24 and 1000 units of 10 ms
        assert packet.endswith(b"payload")
        assert len(packet) == 12 + (stamps.overhead or 4) + 4 + 7
        if stamps.overhead == 12:
            assert extension(packet, 3) == b"\0\0"
            assert extension(packet, 2) is not None
    assert limits(6, 0.0)[1:] == bytes((0, 0x03, 0xE8))
