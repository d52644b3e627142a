"""A desk among unreliable people, worker and ledger: rooms and recordings come out even; the seed is printed."""

import asyncio
import os
import random
from collections import Counter

from tests.fakes.desk_house import K1, K2, S1, S2, House, house
from vwindow.calls.call import Phase
from vwindow.calls.events import (
    CallClosed,
    OutcomeNoted,
    Rated,
    StaffAnswered,
    StaffDeclined,
    StaffHungUp,
    StaffPaused,
    StaffReady,
    VisitorHungUp,
    VisitorWaited,
)
from vwindow.errors import Unavailable, VWindowError
from vwindow.ids import CallId, KioskId, RoomId, StaffId

SOAK = bool(os.environ.get("VWINDOW_TEST_SOAK"))


async def step(h: House, chance: random.Random) -> None:
    """Let one thing happen; what is refused is refused."""
    desk, now = h.desk, h.clock.now()
    kiosk: KioskId = chance.choice([K1, K2])
    staff: StaffId = chance.choice([S1, S2])
    shown = h.outbox.kiosk_calls.get(kiosk)
    call = shown.call if shown is not None else CallId("none")
    mine = h.outbox.staff_mirrors.get(staff)
    served = mine.call.call if mine is not None and mine.call is not None else call
    room = RoomId(served)
    match chance.randrange(21):
        case 0 | 1:
            await h.ask(kiosk, recording=chance.choice(["accepted", "declined"]))
        case 2 | 3:
            await h.ready(staff)
        case 4 | 5 | 6:
            await desk.submit(StaffAnswered(now, served, staff))
        case 7:
            await desk.submit(StaffDeclined(now, served, staff, "busy"))
        case 8:
            for part in ("page", "agent", "console"):
                desk.peer_changed(room, part, chance.choice(["up", "up", "up", "silent", "gone"]))  # type: ignore[arg-type]
        case 9:
            await desk.offer_from_staff(staff, served, "offer")
        case 10:
            desk.recording_progress(room, 100, 10, chance.random() < 0.3)
        case 11:
            await desk.submit(chance.choice([VisitorHungUp, VisitorWaited, CallClosed])(now, call, kiosk))
        case 12:
            await desk.submit(StaffHungUp(now, served, staff))
        case 13:
            await desk.submit(OutcomeNoted(now, served, staff, "answered", ""))
        case 14:
            await desk.submit(Rated(now, call, kiosk, 3))
        case 15:
            await (desk.kiosk_lost(kiosk) if chance.random() < 0.5 else desk.staff_lost(staff))
        case 16:
            await desk.submit(chance.choice([StaffReady(now, staff), StaffPaused(now, staff, "rest")]))
        case 17:
            h.later.advance(chance.choice([1, 11, 21, 61]))
        case 18:
            h.ledger.failures = chance.choice([0, 1, 2])
        case 19:
            desk.rooms_lost([room])
        case 20:
            h.rooms.broken = {chance.choice(["open", "record", "close"]): Unavailable("worker_lost")}
            if chance.random() < 0.7:
                h.rooms.broken = {}


async def settle(h: House) -> None:
    """Let all slow work end; retries wait on the clock of the house."""
    while True:
        try:
            async with asyncio.timeout(0.01):
                return await h.desk.settled()
        except TimeoutError:
            h.later.advance(5)


async def test_rooms_and_recordings_come_out_even() -> None:
    number = int(os.environ.get("VWINDOW_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
    print(f"VWINDOW_TEST_SEED={number}")
    chance = random.Random(number)
    opened = 0
    for _ in range(60 if SOAK else 4):
        async with house() as h:
            for _ in range(300):
                try:
                    await step(h, chance)
                except VWindowError as error:
                    assert error.code != "broken"
            h.rooms.broken = {}
            h.ledger.failures = 0
            await settle(h)
            await h.desk.drain()
            rooms = Counter(h.rooms.log)
            assert all(count == 1 for (what, _), count in rooms.items() if what == "close")
            assert {name for what, name in rooms if what == "open"} == {name for what, name in rooms if what == "close"}
            assert "writing" not in h.ledger.recordings.values()
            assert all(record.phase == "ended" and record.reason for record in h.ledger.calls.values())
            for kiosk in (K1, K2):
                await h.desk.kiosk_lost(kiosk)
            for staff in (S1, S2):
                await h.desk.staff_lost(staff)
            await settle(h)
            h.later.advance(1000)
            await settle(h)
            assert sum(h.desk.live().values()) == 0 and not h.desk.staff_states()
            assert h.desk.live()[Phase.ENDED] == 0 and h.later.waiting == 0
            opened += len(h.ledger.recordings)
    assert opened > 0
