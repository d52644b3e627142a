"""A viewer is asked to wait for repairs while either way loses packets, and no longer."""

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, Guest, is_media
from tests.fakes.pathway import transport_report
from vwindow.rtp.packet import extension
from vwindow.sfu.egress import REPEATS

FACE, FACE_SLOT = 1000, 4
PLAYOUT = 6
"""The extension's number in the offers of tests."""
PACKETS = 5
"""In each frame of 30 a second."""


class Call:
    """An agent's face at a console, with every twentieth packet of either way lost when asked."""

    def __init__(self, floor: Floor, agent: Guest, console: Guest) -> None:
        self.floor = floor
        self.agent = agent
        self.console = console
        self.seq = 0
        self.reported = 0
        self.lost_to_us = False
        self.lost_from_us = False

    def run(self, seconds: float) -> list[float]:
        """Return the seconds that each packet to the console told it to wait, −1 for those that told nothing."""
        before = len(self.floor.port.sent)
        for frame in range(round(seconds * 30)):
            for _ in range(PACKETS):
                if not self.lost_to_us or self.seq % 20 != 7:
                    self.agent.rtp(FACE, self.seq, (KEY if self.seq == 0 else DELTA) + bytes(100))
                self.seq += 1
            self.floor.clock.advance(1 / 30)
            if frame % 3 == 2:
                self.report()
                self.floor.tick()
        sent = [data for data, address in self.floor.port.sent[before:] if address == self.console.address]
        values = [extension(data, PLAYOUT) for data in sent if is_media(data)]
        return [-1.0 if value is None else (int.from_bytes(value, "big") >> 12) / 100 for value in values]

    def report(self) -> None:
        """Let the console tell which packets came, by the numbers in them."""
        sent = [data for data, address in self.floor.port.sent[self.reported :] if address == self.console.address]
        self.reported = len(self.floor.port.sent)
        numbers = [int.from_bytes(extension(data, 3) or b"", "big") for data in sent if is_media(data)]
        if numbers:
            tick = int(self.floor.clock.monotonic() * 4000)
            arrivals = [None if self.lost_from_us and number % 20 == 7 else tick for number in numbers]
            self.console.feedback(transport_report(numbers[0], arrivals))


async def call(floor: Floor, *changes: tuple[str, str]) -> Call:
    agent, console = floor.guest("agent", 1), floor.guest("console", 2, *changes)
    await agent.connect()
    await console.connect()
    return Call(floor, agent, console)


async def test_a_clean_way_says_nothing(floor: Floor) -> None:
    told = (await call(floor)).run(10)
    assert len(told) == 10 * 30 * PACKETS
    assert set(told) == {-1.0}


@pytest.mark.parametrize("way", ["lost_to_us", "lost_from_us"])
async def test_loss_on_either_way_makes_the_viewer_wait_and_no_longer(floor: Floor, way: str) -> None:
    each = await call(floor)
    each.run(3)
    setattr(each, way, True)
    told = each.run(6)
    assert min(told[-100:]) == max(told[-100:]) == 0.12  # a round trip that nobody measured counts 0.1 s
    setattr(each, way, False)
    told = each.run(20)
    assert told[0] == 0.12
    assert told[-1] == -1.0
    waits = [wait for wait in told if wait >= 0]
    assert waits == sorted(waits, reverse=True)
    assert waits.count(0.0) >= REPEATS


async def test_a_repair_says_the_same(floor: Floor) -> None:
    each = await call(floor)
    each.lost_to_us = True
    each.run(6)
    newest = int.from_bytes(each.console.media()[-1][2:4], "big")
    each.floor.peer("console").egresses[FACE_SLOT].resend([newest], floor.clock.monotonic())
    data = each.floor.port.sent[-1][0]
    assert int.from_bytes(data[8:12], "big") == each.console.repairs[FACE_SLOT]
    assert extension(data, PLAYOUT) is not None


async def test_who_did_not_offer_to_wait_is_not_asked(floor: Floor) -> None:
    row = f"a=extmap:{PLAYOUT} http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n"
    each = await call(floor, (row, ""))
    each.lost_to_us = True
    assert set(each.run(6)) == {-1.0}
    assert "playout-delay" not in each.console.sdp
