"""Narrow paths over minutes: what a room finds out, how evenly it holds it, and how soon it comes back."""

import statistics
from dataclasses import dataclass, field

import pytest

from tests.fakes.floor import Floor
from tests.fakes.pathway import Pathway, Visitor
from vwindow.rtp.probe import FIRST, LONGEST, Probe
from vwindow.sfu.slots import Part

WIDE = 5e6
FACE_SLOT = 4
"""Of a console and of an observer: after four voices."""


@dataclass
class Course:
    """What happened in each second."""

    estimates: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    queues: list[float] = field(default_factory=list)
    """The longest wait of a packet."""
    shown: list[bool] = field(default_factory=list)

    def show(self, name: str, first: int, last: int) -> None:
        """Print the figures of some seconds."""
        part = slice(first, last)
        print(
            f"{name}: estimate {statistics.mean(self.estimates[part]) / 1000:.0f} "
            f"± {statistics.pstdev(self.estimates[part]) / 1000:.0f} kbit/s, "
            f"carried {statistics.mean(self.arrived[part]) / 1000:.0f} kbit/s, "
            f"queue at most {1000 * max(self.queues[part]):.0f} ms, "
            f"median of seconds {1000 * statistics.median(self.queues[part]):.0f} ms"
        )


class Link:
    """A call whose console or observer sits behind one path; the rate of it changes as a test says."""

    def __init__(self, floor: Floor, part: Part, path: Pathway, wide: list[Pathway], visitor: Visitor) -> None:
        self.floor = floor
        self.part = part
        self.path = path
        self._wide = wide
        self._visitor = visitor
        self.course = Course()

    @classmethod
    async def made(cls, floor: Floor, part: Part, rate: float) -> "Link":
        parts: list[Part] = ["agent", "page", "console"]
        if part not in parts:
            parts.append(part)
        guests = {name: floor.guest(name, number) for number, name in enumerate(parts, 1)}
        for guest in guests.values():
            await guest.connect()
        visitor = Visitor(floor, guests["page"], guests["agent"], rate)
        wide = [Pathway(floor, guests["console"], 50e6)] if part != "console" else []
        return cls(floor, part, Pathway(floor, guests[part], WIDE), wide, visitor)

    def run(self, seconds: int, rate: float) -> None:
        """Let time pass with the path at `rate` bit/s."""
        self.path.rate = rate
        floor, course = self.floor, self.course
        peer = floor.peer(self.part)
        for _ in range(seconds):
            self.path.worst = 0.0
            for step in range(100):
                floor.clock.advance(0.01)
                self._visitor.step()
                for path in (self.path, *self._wide):
                    path.step()
                if step % 2 == 0:
                    floor.room.probe(floor.clock.monotonic())
                if step % 10 == 0:
                    floor.tick()
            course.estimates.append(peer.downlink.estimate(floor.clock.monotonic()) or 0)
            course.arrived.append(self.path.arrived())
            course.told.append(self._visitor.told)
            course.queues.append(self.path.worst)
            course.shown.append(not peer.egresses[FACE_SLOT].paused)


@pytest.mark.parametrize("rate", [250e3, 400e3, 600e3, 1e6])
async def test_a_source_follows_a_required_viewers_path_down_and_up(floor: Floor, rate: float) -> None:
    link = await Link.made(floor, "console", 1_500_000)
    link.run(5, WIDE)
    link.run(40, rate)
    link.run(25, WIDE)
    course = link.course
    held = slice(10, 45)
    course.show(f"{rate / 1000:.0f} kbit/s", 10, 45)
    back = next(second for second, told in enumerate(course.told[45:]) if told > 1_000_000)
    print(f"  told 1 Mbit/s again after {back} s; estimate at the end {course.estimates[-1] / 1000:.0f} kbit/s")
    assert 0.75 * rate < statistics.mean(course.arrived[held]) <= rate, "it is used, and not overrun"
    assert statistics.pstdev(course.estimates[held]) < 0.15 * rate, "it does not swing"
    assert statistics.median(course.queues[held]) < 0.1 and max(course.queues[held]) < 0.2, "a voice gets through"
    assert all(course.shown), "a small face still fits"
    assert back <= 15
    assert max(course.estimates[held]) < 1.3 * rate, "no more is claimed than was tried"


async def test_an_observers_path_is_tried_now_and_then_and_not_overrun(floor: Floor) -> None:
    link = await Link.made(floor, "observer", 1_000_000)
    link.run(5, WIDE)
    link.run(60, 700e3)
    link.run(30, WIDE)
    course = link.course
    course.show("observer at 700 kbit/s", 7, 65)
    back = next(second for second, shown in enumerate(course.shown[65:]) if shown)
    print(f"  picture again after {back} s; of 60 s with a queue above 100 ms: {sum(q > 0.1 for q in course.queues)}")
    assert set(course.told) == {1_500_000}, "it lowers nobody's picture"
    assert not any(course.shown[7:65]), "what never fits is not shown again to find that out"
    assert max(course.queues[7:65]) < 0.1, "and trying it out harms no voice"
    assert 500e3 < course.estimates[64] < 800e3, "the path is known"
    assert back <= LONGEST + 8 and all(course.shown[65 + back :])


async def test_a_voice_alone_finds_the_way_back_to_a_picture(floor: Floor) -> None:
    link = await Link.made(floor, "console", 1_500_000)
    link.run(5, WIDE)
    link.run(30, 130e3)
    link.run(25, WIDE)
    course = link.course
    course.show("130 kbit/s", 10, 35)
    assert sum(course.shown[10:35]) <= 3
    back = next(second for second, shown in enumerate(course.shown[35:]) if shown)
    full = next(second for second, told in enumerate(course.told[35:]) if told > 1_000_000)
    print(f"  picture again after {back} s, 1 Mbit/s after {full} s")
    assert back <= LONGEST + 3


def test_a_try_fills_the_estimate_and_ends_with_a_fall() -> None:
    probe = Probe()
    fell, sent, begun = 100.0, 0, 100 + FIRST
    assert probe.octets(begun - 0.1, sent, 400_000, 900_000, fell) == 0
    assert not probe.busy
    assert probe.octets(begun, sent, 400_000, 900_000, fell) == 0  # from here on it counts
    assert probe.busy
    assert probe.octets(begun + 0.02, sent, 400_000, 900_000, fell) == pytest.approx(1000, abs=1)
    sent += 1400  # a packet more than was left, and media
    assert probe.octets(begun + 0.04, sent, 400_000, 900_000, fell) == pytest.approx(600, abs=2)
    assert probe.octets(begun + 4, sent + 600, 400_000, 900_000, fell) == 5000  # late: a tenth of a second, no more
    fell = begun + 4.5
    assert probe.octets(fell + 0.1, sent, 300_000, 900_000, fell) == 0
    assert not probe.busy
    assert probe.octets(fell + 2 * FIRST, sent, 300_000, 900_000, fell) == 0
    assert not probe.busy
    probe.octets(fell + 0.1 + 2 * FIRST, sent, 300_000, 900_000, fell)
    assert probe.busy


def test_nothing_is_tried_for_nothing() -> None:
    probe = Probe()
    for now in range(100):
        assert probe.octets(now, 0, 400_000, 0, float("-inf")) == 0
        assert not probe.busy
    probe.octets(101, 0, 400_000, 900_000, float("-inf"))
    assert probe.busy
    assert probe.octets(102, 0, 950_000, 900_000, float("-inf")) == 0
    assert not probe.busy
