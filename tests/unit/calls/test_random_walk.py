"""The same world as test_any_order, walked at random far longer than hypothesis walks; the seed is printed."""

import os
import random
from collections import Counter
from collections.abc import Callable

from tests.unit.calls.test_any_order import KIOSKS, PLACES, SOAK, STAFF, World

Step = Callable[[World, random.Random], None]

STEPS: list[tuple[int, Step]] = [
    (6, lambda w, r: w.visitor_asks(r.choice(KIOSKS), r.choice(PLACES), r.random() < 0.8, r.randrange(10))),
    (1, lambda w, r: w.visitor_asks_again(r.choice(KIOSKS))),
    (6, lambda w, r: w.staff_comes_ready(r.randrange(3))),
    (3, lambda w, r: w.kiosk_connects(r.choice(KIOSKS))),
    (3, lambda w, r: w.console_connects(r.randrange(3))),
    (2, lambda w, r: w.kiosk_is_lost(r.choice(KIOSKS))),
    (2, lambda w, r: w.console_is_lost(r.choice(STAFF))),
    (2, lambda w, r: w.visitor_hangs_up(r.randrange(4), r.choice(KIOSKS), r.random() < 0.8)),
    (2, lambda w, r: w.visitor_waits(r.randrange(4), r.choice(KIOSKS))),
    (1, lambda w, r: w.visitor_leaves_callback(r.randrange(4), r.choice(KIOSKS))),
    (2, lambda w, r: w.visitor_rates(r.randrange(6), r.choice(KIOSKS))),
    (2, lambda w, r: w.visitor_closes(r.randrange(6), r.choice(KIOSKS))),
    (1, lambda w, r: w.staff_pauses(r.choice(STAFF))),
    (1, lambda w, r: w.staff_leaves(r.choice(STAFF))),
    (6, lambda w, r: w.staff_answers_what_rings(r.choice(STAFF))),
    (1, lambda w, r: w.staff_answers(r.randrange(6), r.choice(STAFF), r.random() < 0.5)),
    (2, lambda w, r: w.staff_declines(r.randrange(4), r.choice(STAFF), r.random() < 0.9)),
    (1, lambda w, r: w.staff_hangs_up(r.randrange(4), r.choice(STAFF), r.random() < 0.9)),
    (4, lambda w, r: w.staff_notes(r.randrange(6), r.choice(STAFF))),
    (6, lambda w, r: w.media_come_up(r.randrange(4), "kiosk")),
    (6, lambda w, r: w.media_come_up(r.randrange(4), "staff")),
    (1, lambda w, r: w.media_are_lost(r.randrange(4), r.choice(["kiosk", "staff"]))),
    (2, lambda w, r: w.room_is_lost(r.randrange(4))),
    (3, lambda w, r: w.recording_moves(r.randrange(4), r.randrange(3))),
    (2, lambda w, r: w.late_timer_fires(r.randrange(50))),
    (6, lambda w, r: w.time_passes(r.choice([0.5, 0.5, 5, 5, 11, 16, 21, 61, 121, 301]))),
]
WEIGHTS = [weight for weight, _ in STEPS]
REASONS = {
    "visitor_hung_up",
    "staff_hung_up",
    "visitor_left",
    "callback_left",
    "kiosk_lost",
    "staff_lost",
    "never_connected",
    "media_lost",
    "worker_lost",
    "kiosk_revoked",
    "closing",
}


def check(world: World) -> None:
    world.one_room_per_call()
    world.no_visitor_is_lost()
    world.nobody_waits_beside_a_free_member()
    world.no_staff_member_is_stuck()
    world.timers_are_balanced()


def test_long_walks_end_in_every_way() -> None:
    number = int(os.environ.get("VWINDOW_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
    print(f"VWINDOW_TEST_SEED={number}")
    chance = random.Random(number)
    reasons: Counter[str] = Counter()
    for walk in range(600 if SOAK else 25):
        world = World()
        if walk % 4 == 0:
            world.call_was_cut(chance.choice(KIOSKS), chance.choice([None, *STAFF]))
        elif walk % 4 == 1:
            yes, talking = chance.random() < 0.8, chance.random() < 0.5
            world.call_goes_on(chance.choice(KIOSKS), chance.choice(STAFF), talking, yes, chance.randrange(1, 4))
        for _ in range(200):
            _, step = chance.choices(STEPS, WEIGHTS)[0]
            step(world, chance)
            check(world)
            reasons.update(c.reason for c in world.stage.floor.calls() if c.reason and c.call not in world.ended)
        if walk % 3 == 0:
            world.server_closes()
        elif walk % 3 == 1:
            world.kiosk_is_revoked(chance.choice(KIOSKS))
        check(world)
        reasons.update(c.reason for c in world.stage.floor.calls() if c.reason)
        world.teardown()
    missed = REASONS - set(reasons)
    assert len(missed) <= (0 if SOAK else 3), f"never seen: {missed}"
