"""A desk with fakes all around it and a short way to each stage of a call."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.clock import FakeClock
from tests.fakes.desk_ports import FakeLater, FakeLedger, FakeOutbox, FakeRegister, FakeRooms
from vwindow.calls.events import OutcomeNoted, StaffAnswered, StaffReady, VisitorHungUp
from vwindow.desk.dispatcher import Desk
from vwindow.desk.ports import ItemFacts, Relays
from vwindow.desk.settings import DeskSettings
from vwindow.ids import CallId, KioskId, RoomId, StaffId

K1, K2 = KioskId("k1"), KioskId("k2")
S1, S2 = StaffId("s1"), StaffId("s2")


class House:
    """Kiosks k1 and k2, staff s1 and s2, item 1 (virtual) and item 2 (not)."""

    def __init__(self, settings: DeskSettings | None = None, relays: Relays | None = None) -> None:
        self.clock = FakeClock()
        self.later = FakeLater(self.clock)
        self.register = FakeRegister()
        self.ledger = FakeLedger()
        self.rooms = FakeRooms()
        self.outbox = FakeOutbox()
        names = (CallId(f"c{number}") for number in itertools.count(1))
        self.desk = Desk(
            settings or DeskSettings(),
            self.clock,
            self.register,
            self.ledger,
            self.rooms,
            self.outbox,
            relays=relays,
            later=self.later,
            call_ids=lambda: next(names),
        )
        for kiosk in (K1, K2):
            self.register.add_kiosk(kiosk)
        for staff in (S1, S2):
            self.register.add_staff(staff)
        self.register.items = {
            1: ItemFacts(1, "内资有限公司设立", "company", True),
            2: ItemFacts(2, "不动产登记", "land", False),
        }
        self._requests = itertools.count(1)

    async def ready(self, staff: StaffId = S1) -> None:
        await self.desk.staff_connected(staff)
        await self.desk.submit(StaffReady(self.clock.now(), staff))

    async def ask(self, kiosk: KioskId = K1, *, item: int = 1, recording: str = "accepted") -> CallId:
        await self.desk.kiosk_connected(kiosk)
        consent = "declined" if recording == "declined" else "accepted"
        return await self.desk.ask(kiosk, f"q{next(self._requests)}", "hefei", item, consent)  # type: ignore[arg-type]

    async def answered(self) -> CallId:
        await self.ready()
        call = await self.ask()
        await self.desk.submit(StaffAnswered(self.clock.now(), call, S1))
        return call

    async def talking(self) -> CallId:
        call = await self.answered()
        for part in ("page", "agent", "console"):
            self.desk.peer_changed(RoomId(call), part, "up")  # type: ignore[arg-type]
        await self.desk.settled()
        return call

    async def hang_up(self, call: CallId) -> None:
        await self.desk.submit(VisitorHungUp(self.clock.now(), call, K1))

    async def note(self, call: CallId, outcome: str = "answered") -> None:
        await self.desk.submit(OutcomeNoted(self.clock.now(), call, S1, outcome, "完成"))


@asynccontextmanager
async def house(settings: DeskSettings | None = None) -> AsyncIterator[House]:
    """Open a house with a running desk; close it again."""
    one = House(settings)
    one.desk.start()
    try:
        yield one
    finally:
        await one.desk.close()
