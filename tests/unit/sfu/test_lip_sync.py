"""Lips and voice come from two peers with two clocks, and neither is trusted."""

import random

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, Guest
from vwindow.rtp import rtcp
from vwindow.rtp.ntp import from_ntp, to_ntp
from vwindow.sfu.egress import PICTURE_LEAD

FACE, VOICE = 1000, 1000
FACE_SLOT, VOICE_SLOT = 4, 0
TOLERANCE = 0.04


class Machine:
    """A kiosk machine's process with a clock of its own; reports take 5 to 35 ms to arrive."""

    def __init__(self, floor: Floor, guest: Guest, ssrc: int, rate: int, rng: random.Random, ahead: float) -> None:
        self.floor = floor
        self.guest = guest
        self.ssrc = ssrc
        self.rate = rate
        self.rng = rng
        self.ahead = ahead
        self.begin = rng.randrange(1 << 32)
        self.seq = 0
        self.last = 0

    def time(self, moment: float) -> int:
        return (self.begin + round(moment * self.rate)) & 0xFFFFFFFF

    def second(self, payload: bytes, payload_type: int) -> None:
        """Send one packet and a report of this moment, which arrives a little later."""
        made = self.floor.clock.monotonic()
        self.last = self.time(made)
        self.guest.say_at(self.ssrc, self.seq, self.time(made), payload, payload_type)
        self.seq += 1
        self.floor.clock.advance(0.005 + self.rng.random() * 0.03)
        report = rtcp.sender_report(self.ssrc, to_ntp(1.7e9 + made + self.ahead), self.time(made), self.seq, 9)
        self.guest.feedback(report)


def apart(console: Guest, face: Machine, voice: Machine) -> float:
    """Return by how many seconds the console would show a moment's picture after its sound."""
    moment = 5000.0
    found: dict[int, float] = {}
    reports = [report for report in console.reports() if isinstance(report, rtcp.SenderReport)]
    media = console.media()
    for machine, slot in ((face, FACE_SLOT), (voice, VOICE_SLOT)):
        ssrc = console.ssrcs[slot]
        report = [report for report in reports if report.ssrc == ssrc][-1]
        last = [data for data in media if int.from_bytes(data[8:12], "big") == ssrc][-1]
        offset = int.from_bytes(last[4:8], "big") - machine.last
        ahead = (machine.time(moment) + offset - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        found[slot] = from_ntp(report.ntp) + ahead / machine.rate
    return found[FACE_SLOT] - found[VOICE_SLOT]


@pytest.mark.parametrize("stepped", ["face", "voice", "neither"])
@pytest.mark.parametrize("step", [2.0, -2.0, 0.3, -0.3])
async def test_a_clock_that_steps_in_one_peer_moves_no_lips(stepped: str, step: float) -> None:
    floor = Floor()
    rng = random.Random(7)
    agent, page, console = floor.guest("agent", 1), floor.guest("page", 2), floor.guest("console", 3)
    for guest in (agent, page, console):
        await guest.connect()
    face = Machine(floor, agent, FACE, 90_000, rng, ahead=-1000.0)
    voice = Machine(floor, page, VOICE, 48_000, rng, ahead=77.7)
    for second in range(40):
        if second == 20 and stepped != "neither":
            (face if stepped == "face" else voice).ahead += step
        face.second(DELTA if second else KEY, 96)
        voice.second(b"voice", 111)
        floor.run(0.9)
        # A clock that is set back a little is noticed after five reports; all else at once.
        if second >= 3 and not (step == -0.3 and 20 <= second < 26):
            assert abs(apart(console, face, voice) + PICTURE_LEAD) < TOLERANCE, f"second {second}"
    await floor.room.close()
