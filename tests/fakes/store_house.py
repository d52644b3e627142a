"""A small filled store on a real database: two cities, three centres, a person of each role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import argon2

from tests.fakes.clock import FakeClock
from vwindow.access import Role, Scope, Viewer
from vwindow.desk.ports import CallRecord, ItemFacts
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, KioskId, StaffId, WindowId
from vwindow.keys import KeyRing
from vwindow.store.callbacks import Callbacks
from vwindow.store.database import Database
from vwindow.store.kiosks import Kiosks
from vwindow.store.ledger import Ledger
from vwindow.store.people import NewPerson, People
from vwindow.store.places import CentreFacts, Places, WindowFacts
from vwindow.store.reading import Reading
from vwindow.store.register import Register
from vwindow.store.view_log import ViewLog

PASSWORD = "a long pass phrase"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SONGJIANG, XINQIAO, HEFEI = CentreId("songjiang"), CentreId("xinqiao"), CentreId("hefei")


class FakeItems:
    """Know items 1 to 195 by their number."""

    def facts(self, number: int, city: str) -> ItemFacts:
        if not 1 <= number <= 195:
            raise Refused("unknown_item")
        return ItemFacts(number, f"item {number}", "company", True)


@dataclass
class StoreHouse:
    """The parts of the store and the ids of what is in it."""

    database: Database
    keys: KeyRing
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    kiosk: KioskId = field(init=False)
    far_kiosk: KioskId = field(init=False)
    staff: dict[str, StaffId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.items = FakeItems()
        self.places = Places(self.database)
        self.people = People(self.database, self.keys, CHEAP)
        self.register = Register(self.database, self.items)
        self.kiosks = Kiosks(self.database, self.keys, self.clock, fingerprint="ab" * 32)
        self.ledger = Ledger(self.database, self.keys, self.folder / "recordings")
        self.view_log = ViewLog(self.database, self.keys)
        self.reading = Reading(self.database, self.keys, self.items)
        self.callbacks = Callbacks(self.database, self.keys, self.items, self.view_log)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def person(self, account: str, centre: CentreId, role: Role = "staff", scope: Scope = "centre") -> Viewer:
        """Make an account and return its viewer."""
        skills = (("songjiang", "*"), ("hefei", "company"))
        new = NewPerson(account, f"王{account}", f"No {account}", centre, role, scope, "A", skills)
        staff = await self.people.create_staff(new, PASSWORD, self.now)
        self.staff[account] = staff
        return Viewer(staff, role, scope, centre, "hefei" if centre == HEFEI else "songjiang")

    def record(self, call: str, **changes: object) -> CallRecord:
        """Return an ended call: asked at the Songjiang kiosk for Hefei, answered there by "hefei.staff"."""
        facts = CallRecord(
            call=CallId(call), centre=HEFEI, kiosk=self.kiosk, kiosk_centre=SONGJIANG, city="hefei", item=7,
            request=f"q-{call}", phase="ended", recording="accepted", asked_at=self.now,
            answered_at=self.now + timedelta(seconds=5), ended_at=self.now + timedelta(seconds=65),
            staff=self.staff.get("hefei.staff"), reason="visitor_hung_up", outcome="answered", note="the note",
        )  # fmt: skip
        return replace(facts, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def store_house(folder: Path, url: str = "") -> AsyncIterator[StoreHouse]:
    """Open a database, fill it with places and one staff member, close it at the end."""
    database = Database.open(url or f"sqlite:///{folder / 'vwindow.db'}")
    try:
        house = StoreHouse(database, KeyRing.open(folder / "keys"), folder)
        await house.places.save_centre(CentreFacts(SONGJIANG, "松江中心", "songjiang", hours="9–17", phone="021"))
        await house.places.save_centre(CentreFacts(XINQIAO, "新桥中心", "songjiang", level="town"))
        await house.places.save_centre(CentreFacts(HEFEI, "合肥中心", "hefei"))
        for window, centre in (("w-sj", SONGJIANG), ("w-hf", HEFEI)):
            await house.places.save_window(WindowFacts(WindowId(window), centre, "virtual", "专窗"))
        await house.places.save_window(WindowFacts(WindowId("w-off"), SONGJIANG, "offline", "窗口"))
        house.kiosk = await house.kiosks.create(WindowId("w-sj"), house.now)
        house.far_kiosk = await house.kiosks.create(WindowId("w-hf"), house.now, kiosk=KioskId("hf-01"))
        await house.person("hefei.staff", HEFEI)
        yield house
    finally:
        await database.close()
