"""A source: keyframes asked for in one place, streams that replace each other, sinks that fail."""

import logging

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.recorder import FakeSink
from vwindow.rtp.stamps import Stamps
from vwindow.sfu.egress import CACHE_PACKETS, PICTURE_LEAD, RESENDS_PER_SECOND, Egress, Outlet
from vwindow.sfu.ingest import REPLAY_PACKETS, Ingest
from vwindow.sfu.ports import Anchor, Kind
from vwindow.sfu.sdp import OfferedLine
from vwindow.sfu.seat import SlotStart
from vwindow.sfu.slots import format_of

KEY = b"\x10\x00key"
DELTA = b"\x10\x01delta"


class FakeUpstream:
    def __init__(self) -> None:
        self.asked = 0

    def request_keyframe(self) -> None:
        self.asked += 1


class Viewer:
    """An egress whose packets are not protected but kept."""

    def __init__(self, kind: Kind = "video", first: int = 0x1FFFE) -> None:
        self.sent: list[bytes] = []
        slot = SlotStart(7, 0xDEAD, "kiosk", first, 5)
        line = OfferedLine(kind, "7", "recvonly", 100, (), (), ())
        self.egress = Egress(
            slot, line, format_of(kind), Outlet(lambda data: b"s" + data, self.sent.append, Stamps(0, 0))
        )

    @property
    def numbers(self) -> list[int]:
        return [int.from_bytes(data[3:5], "big") for data in self.sent]


def video() -> tuple[Ingest, FakeClock, FakeUpstream]:
    clock = FakeClock()
    return Ingest("kiosk.face", format_of("video"), clock), clock, FakeUpstream()


def feed(ingest: Ingest, upstream: FakeUpstream, clock: FakeClock, first: int, payloads: list[bytes]) -> None:
    for step, payload in enumerate(payloads):
        ingest.take(upstream, first + step, (step * 3000) & 0xFFFFFFFF, True, payload, clock.monotonic())
        clock.advance(1 / 30)


def test_video_starts_with_a_keyframe_that_is_asked_for() -> None:
    ingest, clock, upstream = video()
    sink = FakeSink("kiosk.face", ingest.format)
    ingest.attach(sink)
    feed(ingest, upstream, clock, 70_000, [DELTA, DELTA, KEY, DELTA])
    assert upstream.asked == 1
    assert [packet.payload for packet in sink.packets] == [KEY, DELTA]
    assert [packet.keyframe for packet in sink.packets] == [True, False]


def test_keyframes_are_asked_for_at_most_twice_a_second() -> None:
    ingest, clock, upstream = video()
    feed(ingest, upstream, clock, 70_000, [KEY])
    for _ in range(100):
        ingest.request_keyframe()
        clock.advance(0.02)
        ingest.tick(clock.monotonic())
    assert upstream.asked in (4, 5)


def test_a_kept_request_is_forgotten_when_a_keyframe_comes() -> None:
    ingest, clock, upstream = video()
    feed(ingest, upstream, clock, 70_000, [KEY])
    ingest.request_keyframe()
    ingest.request_keyframe()
    assert upstream.asked == 1
    feed(ingest, upstream, clock, 70_001, [KEY])
    clock.advance(1)
    ingest.tick(clock.monotonic())
    assert upstream.asked == 1


def test_keyframes_are_asked_for_the_less_often_the_longer_one_takes_to_send() -> None:
    ingest, clock, upstream = video()
    feed(ingest, upstream, clock, 0, [KEY + bytes(40_000)])
    ingest.target = 1_500_000
    assert ingest.interval == 0.5
    ingest.target = 160_000
    assert ingest.interval == pytest.approx(4.0, rel=0.01)
    ingest.target = 30_000
    assert ingest.interval == 10.0, "but a viewer that needs one does not wait for ever"


def test_another_stream_is_asked_for_its_keyframe_as_soon_as_any() -> None:
    ingest, clock, old = video()
    feed(ingest, old, clock, 0, [KEY + bytes(40_000)])
    ingest.target = 60_000
    ingest.request_keyframe()
    assert ingest.interval == 10.0
    clock.advance(0.6)
    new = FakeUpstream()
    feed(ingest, new, clock, 900, [DELTA])
    assert new.asked == 1


def test_another_stream_goes_on_with_numbers_and_times() -> None:
    ingest, clock, old = video()
    sink = FakeSink("kiosk.face", ingest.format)
    ingest.attach(sink)
    feed(ingest, old, clock, 70_000, [KEY, DELTA])
    new = FakeUpstream()
    ingest.unbind(old)
    clock.advance(2)
    feed(ingest, new, clock, 900, [DELTA, KEY, DELTA])
    assert new.asked == 1
    assert [packet.seq - sink.packets[0].seq for packet in sink.packets] == [0, 1, 2, 3]
    times = [packet.timestamp for packet in sink.packets]
    assert times == sorted(times)
    assert 2 * 90_000 < times[2] - times[1] < 3 * 90_000
    assert [packet.keyframe for packet in sink.packets] == [True, False, True, False]


def test_a_sink_that_fails_harms_nobody_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    ingest, clock, upstream = video()
    broken, whole = FakeSink("a", ingest.format, broken=True), FakeSink("b", ingest.format)
    ingest.attach(broken)
    ingest.attach(whole)
    with caplog.at_level(logging.ERROR):
        feed(ingest, upstream, clock, 70_000, [KEY, DELTA, DELTA])
    assert len(whole.packets) == 3
    assert ingest.sink_errors == 3
    assert len(caplog.records) == 1


def test_anchors_are_of_the_sources_own_time() -> None:
    ingest, clock, upstream = video()
    sink = FakeSink("kiosk.face", ingest.format)
    ingest.attach(sink)
    ingest.take(upstream, 5, 1000, True, KEY, clock.monotonic())
    ingest.set_anchor(upstream, 1000 + 90_000, 77.0)
    ingest.set_anchor(FakeUpstream(), 0, 99.0)
    assert sink.anchors == [Anchor(sink.packets[0].timestamp + 90_000, 77.0)]
    late = FakeSink("later", ingest.format)
    ingest.attach(late)
    assert late.anchors == sink.anchors


def test_a_viewer_gets_its_own_numbers_over_the_wrap_with_holes() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA])
    feed(ingest, upstream, clock, 70_004, [DELTA])
    feed(ingest, upstream, clock, 70_003, [DELTA])
    assert viewer.numbers == [65534, 65535, 2, 1]
    assert viewer.sent[0][1:3] == bytes((0x80, 0x80 | 100))
    assert viewer.sent[0][9:13] == (0xDEAD).to_bytes(4, "big")
    assert viewer.sent[0][13:] == KEY


def test_a_viewer_that_comes_later_waits_for_a_keyframe() -> None:
    ingest, clock, upstream = video()
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA])
    clock.advance(1)
    viewer = Viewer()
    viewer.egress.show(ingest)
    assert upstream.asked == 1
    assert viewer.egress.waiting
    feed(ingest, upstream, clock, 70_002, [DELTA, KEY, DELTA])
    assert not viewer.egress.waiting
    assert viewer.numbers == [65534, 65535]


def test_a_viewer_that_comes_soon_after_a_keyframe_starts_from_it() -> None:
    ingest, clock, upstream = video()
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA, DELTA])
    viewer = Viewer()
    viewer.egress.show(ingest)
    assert upstream.asked == 0
    assert not viewer.egress.waiting
    feed(ingest, upstream, clock, 70_003, [DELTA])
    assert viewer.numbers == [65534, 65535, 0, 1]
    assert [data[13:] for data in viewer.sent] == [KEY, DELTA, DELTA, DELTA]


def test_a_long_way_since_the_keyframe_is_not_kept() -> None:
    ingest, clock, upstream = video()
    for seq in range(REPLAY_PACKETS + 1):
        ingest.take(upstream, 70_000 + seq, 0, True, DELTA if seq else KEY, clock.monotonic())
    viewer = Viewer()
    viewer.egress.show(ingest)
    assert upstream.asked == 1
    assert viewer.sent == []


def test_a_paused_slot_goes_on_with_a_keyframe() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA])
    viewer.egress.pause(True)
    assert not viewer.egress.waiting
    feed(ingest, upstream, clock, 70_002, [DELTA, KEY, DELTA])
    clock.advance(1)
    viewer.egress.pause(False)
    assert upstream.asked == 1
    assert viewer.egress.waiting
    feed(ingest, upstream, clock, 70_005, [DELTA, KEY])
    assert viewer.numbers == [65534, 65535, 0]


def test_a_slot_that_switches_closes_up() -> None:
    ingest, clock, upstream = video()
    other, other_upstream = Ingest("staff.face", format_of("video"), clock), FakeUpstream()
    viewer = Viewer()
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA])
    viewer.egress.show(other)
    feed(ingest, upstream, clock, 70_002, [KEY])
    feed(other, other_upstream, clock, 5, [KEY, DELTA])
    assert viewer.numbers == [65534, 65535, 0, 1]
    viewer.egress.close()
    feed(other, other_upstream, clock, 7, [KEY])
    assert len(viewer.sent) == 4


def test_a_missed_packet_is_sent_again_with_the_same_bytes() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY] + [DELTA] * 4)
    before = list(viewer.sent)
    viewer.egress.resend([65535, 1, 40_000], clock.monotonic())
    assert viewer.sent[5:] == [before[1], before[3]]


def test_on_a_lossy_path_repairs_are_sent_twice_and_what_came_late_as_well() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.lossy = True
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY, DELTA])
    feed(ingest, upstream, clock, 70_003, [DELTA])
    viewer.egress.resend([65535], clock.monotonic())
    assert viewer.numbers == [65534, 65535, 1, 65535, 65535]
    feed(ingest, upstream, clock, 70_002, [DELTA])
    assert viewer.numbers[5:] == [0, 0, 0]


def test_resends_are_bounded() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [KEY] + [DELTA] * (CACHE_PACKETS - 1))
    numbers = [(65534 + step) & 0xFFFF for step in range(CACHE_PACKETS)]
    for _ in range(10):
        viewer.egress.resend(numbers, clock.monotonic())
    assert viewer.egress.resent == RESENDS_PER_SECOND


def test_a_sender_report_is_on_the_workers_clock() -> None:
    ingest, clock, upstream = video()
    viewer = Viewer()
    viewer.egress.show(ingest)
    assert viewer.egress.report(1.0, 1.0) == b""
    ingest.take(upstream, 5, 1000, True, KEY, clock.monotonic())
    ingest.set_anchor(upstream, 1000, 50.0)
    report = viewer.egress.report(52.0, 1_700_000_000.0)
    assert int.from_bytes(report[16:20], "big") == 5 + round((2 + PICTURE_LEAD) * 90_000)


def test_audio_starts_at_once_and_asks_for_nothing() -> None:
    clock, upstream = FakeClock(), FakeUpstream()
    ingest = Ingest("kiosk.microphone", format_of("audio"), clock)
    viewer = Viewer("audio")
    viewer.egress.show(ingest)
    feed(ingest, upstream, clock, 70_000, [b"voice", b"voice"])
    assert viewer.numbers == [65534, 65535]
    assert upstream.asked == 0
    assert not viewer.egress.waiting
