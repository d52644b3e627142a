"""Gaps: asked for at once, again twice in each round trip, given up in time."""

import pytest

from vwindow.rtp.cache import Cache
from vwindow.rtp.loss import ATTEMPTS, GUESSED_REPAIR, MISSING_LIMIT, LossTracker
from vwindow.rtp.reception import Reception


def test_a_gap_is_asked_for_at_once_and_twice_in_each_round_trip() -> None:
    loss = LossTracker()
    for number in (10, 11, 14):
        assert loss.take(number, 1.0)
    assert loss.due(1.0, 0.1) == [12, 13]
    assert loss.due(1.02, 0.1) == []
    assert loss.due(1.03125, 0.1) == [12, 13]
    assert loss.due(1.10, 0.1) == []
    assert loss.take(12, 1.105)
    assert loss.due(1.12, 0.1) == [13]


def test_how_long_a_repair_takes_is_learned_from_those_that_were_asked_for() -> None:
    loss = LossTracker()
    for number in (1, 3, 5):
        loss.take(number, 0.0)
    loss.answer(2, 0.0)  # it was late, not lost
    assert loss.answer_time == 0
    assert loss.due(0.0, 0.1) == [4]
    loss.answer(4, 0.0625)
    assert loss.answer_time == 0.0625
    loss.answer(4, 9.0)
    assert loss.answer_time == 0.0625
    assert len(loss) == 0


def test_what_comes_by_chance_is_no_answer_and_what_comes_late_is_one() -> None:
    """A browser that tries its path out sends old packets again: a fast repair says nothing of the next."""
    loss = LossTracker()
    loss.take(0, 0.0)
    now = 0.0

    def lose(number: int, back: float) -> None:
        nonlocal now
        loss.take(number + 1, now)
        for tick in range(round(back / 0.005)):
            loss.due(now + tick * 0.005, max(0.02, loss.answer_time))
        now += back
        loss.answer(number, now)

    lose(1, 0.01)
    assert loss.answer_time == pytest.approx(0.01)
    for step in range(1, 30):
        lose(1 + 2 * step, 0.12)
    assert loss.answer_time == pytest.approx(0.12, rel=0.1)
    assert loss.given_up == 0
    for step in range(30, 34):
        lose(1 + 2 * step, 0.01)
    assert loss.answer_time > 0.1
    for step in range(34, 44):
        lose(1 + 2 * step, 0.08)
    assert loss.answer_time == pytest.approx(0.08, rel=0.1)


@pytest.mark.parametrize("back", [0.15, 0.4])
def test_a_long_way_is_learned_from_its_first_answer(back: float) -> None:
    """By then it was asked for three times: what is known of the way so far is only a guess."""
    loss = LossTracker()
    loss.take(0, 0.0)
    loss.take(2, 0.0)
    for tick in range(round(back / 0.005)):
        loss.due(tick * 0.005, 0.1)
    loss.answer(1, back)
    assert loss.answer_time == loss.leg.repair == pytest.approx(back)


def test_order_and_duplicates_are_no_loss() -> None:
    loss = LossTracker()
    for number in (5, 6, 6, 7, 4, 3):
        loss.take(number, 0.0)
    assert loss.due(0.0, 0.1) == []
    assert len(loss) == 0


def test_what_a_way_loses_is_counted_without_what_was_only_overtaken() -> None:
    loss = LossTracker()
    assert loss.leg.lost == loss.leg.sent == 0
    for number in (10, 11, 14, 13, 16):
        loss.take(number, 0.0)
    loss.take(15, 0.1)
    assert loss.leg == (2, 6, GUESSED_REPAIR)
    assert loss.due(0.1, 0.1) == [12]
    loss.answer(12, 0.125)
    assert loss.leg == (2, 6, 0.125)


def test_a_packet_is_given_up_after_some_attempts() -> None:
    loss = LossTracker()
    loss.take(1, 0.0)
    loss.take(3, 0.0)
    asked = [step * 0.005 for step in range(120) if loss.due(step * 0.005, 0.02)]
    assert len(asked) == ATTEMPTS
    assert asked[-1] > 0.25  # so many are not over before a longer way than thought has answered
    assert loss.given_up == 1
    assert len(loss) == 0


def test_a_packet_is_given_up_after_a_second() -> None:
    loss = LossTracker()
    loss.take(1, 0.0)
    loss.take(3, 0.0)
    assert loss.due(1.5, 0.1) == []
    assert len(loss) == 0


def test_a_gap_too_long_to_repair_says_so() -> None:
    loss = LossTracker()
    loss.take(1, 0.0)
    assert not loss.take(1 + MISSING_LIMIT + 1, 0.0)
    assert loss.due(0.0, 0.1) == []


def test_the_missing_are_bounded() -> None:
    loss = LossTracker()
    for number in range(0, 4000, 2):
        loss.take(number, 0.0)
    assert len(loss) == MISSING_LIMIT


def test_cache_keeps_the_last_and_only_those() -> None:
    cache = Cache(8)
    for number in range(100, 120):
        cache.put(number, str(number).encode())
    assert cache.get(119) == b"119"
    assert cache.get(112) == b"112"
    assert cache.get(111) is None
    cache.put(105, b"late")
    assert cache.get(113) == b"113"
    assert cache.get(105) is None


def test_cache_size_is_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        Cache(100)


def test_reception_counts_loss_over_the_wrap() -> None:
    reception = Reception(90_000)
    for number in (65534, 65535, 65537, 65538):
        reception.take(number, 0, 0.0)
    block = reception.report(7, 0, 0.0)
    assert (block.lost, block.highest, block.fraction_lost) == (1, 65538, 256 // 5)
    assert reception.report(7, 0, 0.0).fraction_lost == 0


def test_reception_measures_jitter_and_ignores_a_wrap_of_the_time() -> None:
    reception = Reception(90_000)
    for step in range(100):
        reception.take(step + 1, (0xFFFFFFFF - 30 * 3000 + step * 3000) & 0xFFFFFFFF, step / 30)
    assert reception.report(7, 0, 0.0).jitter < 5
    late = Reception(90_000)
    for step in range(100):
        late.take(step + 1, step * 3000, step / 30 + (step % 2) * 0.01)
    assert 700 < late.report(7, 0, 0.0).jitter < 1000


def test_reception_of_nothing_reports_nothing() -> None:
    block = Reception(48_000).report(7, 1, 2.0)
    assert (block.lost, block.fraction_lost, block.highest) == (0, 0, 0)
    assert block.delay == 2 * 65536
