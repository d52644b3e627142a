"""Whose voice leads: loud enough, long enough, and not taken from one who only breathes."""

import itertools
import random

from tests.fakes.floor import Floor, Guest
from vwindow.sfu.control import SpeakerChanged
from vwindow.sfu.speaker import Speaker

VOICE = 1000
"""SSRC of the first m-line of each part, in tests/fakes/offers.py."""
KIOSK, STAFF = "kiosk.microphone", "staff.microphone"


class Talk:
    """Two voices of a room, packet by packet."""

    def __init__(self, floor: Floor, page: Guest, console: Guest) -> None:
        self.floor, self.page, self.console = floor, page, console
        self.seq = 0

    def go_on(self, seconds: float, kiosk: int, staff: int | None) -> None:
        """Let both speak at these levels (−dBov, 127 silence); without a level no packet comes."""
        for step in range(round(seconds * 50)):
            self.page.say(VOICE, self.seq, kiosk)
            if staff is not None:
                self.console.say(VOICE, self.seq, staff)
            self.seq += 1
            self.floor.clock.advance(0.02)
            if step % 5 == 4:
                self.floor.tick()


async def test_who_speaks_is_told(floor: Floor) -> None:
    page, console = floor.guest("page", 1), floor.guest("console", 2)
    await page.connect()
    await console.connect()
    talk = Talk(floor, page, console)
    talk.go_on(1, 30, 127)
    assert floor.room.speaking == KIOSK
    talk.go_on(2, 127, 20)
    assert floor.room.speaking == STAFF
    talk.go_on(1, 127, None)  # gone in the middle of a word: its last level does not stand for ever
    assert floor.room.speaking == ""
    told = [event.source for event in floor.events if isinstance(event, SpeakerChanged)]
    assert told == [KIOSK, "", STAFF, ""]


def test_the_louder_one_takes_over_and_a_breath_does_not() -> None:
    speaker = Speaker()
    assert speaker.take({KIOSK: 90, STAFF: 0}, 1.0) and speaker.name == KIOSK
    assert not speaker.take({KIOSK: 90, STAFF: 95}, 2.0)  # not by so little
    assert not speaker.take({KIOSK: 72, STAFF: 60}, 3.0)  # below where a voice begins, above where it ends
    assert speaker.take({KIOSK: 72, STAFF: 80}, 4.0) and speaker.name == STAFF
    assert speaker.take({KIOSK: 10, STAFF: 68}, 5.0) and speaker.name == ""
    assert not speaker.take({KIOSK: 76, STAFF: 76}, 6.0)
    assert not speaker.take({}, 7.0)


def test_at_most_two_changes_a_second() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance, speaker = random.Random(seed), Speaker()
    changes = [
        step / 10
        for step in range(600)
        if speaker.take({KIOSK: chance.uniform(0, 127), STAFF: chance.uniform(0, 127)}, step / 10)
    ]
    assert len(changes) > 20
    assert all(later - earlier >= 0.5 - 1e-9 for earlier, later in itertools.pairwise(changes))
