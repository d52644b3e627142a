"""Demo data obeys the standard's own numbers, loads into a real database, and twice is once."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import argon2
import pytest
import pytest_asyncio

from tests.fakes.clock import FakeClock
from vwindow import demo
from vwindow.access import Viewer
from vwindow.catalogue.live import LiveCatalogue
from vwindow.catalogue.store_shelf import StoreShelf
from vwindow.errors import Refused
from vwindow.ids import CITIES, CentreId, KioskId, StaffId
from vwindow.keys import KeyRing
from vwindow.store.database import Database
from vwindow.store.guides import Guides, RuleFacts
from vwindow.store.kiosks import Kiosks
from vwindow.store.people import People
from vwindow.store.places import CentreFacts, Places
from vwindow.store.register import Register

ALL = Viewer(StaffId("s-test"), "admin", "all", CentreId("sj"), "songjiang")


class Stores:
    """A fresh database with the stores that the demo fills."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.keys = KeyRing.open(folder / "keys")
        self.database = Database.open(f"sqlite:///{folder / 'demo.db'}")
        self.places = Places(self.database)
        self.guides = Guides(self.database)
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.people = People(self.database, self.keys, cheap)
        self.kiosks = Kiosks(self.database, self.keys, self.clock)
        self.shelf = StoreShelf(self.guides, self.places, self.clock)

    async def load(self) -> tuple[demo.DemoAccount, ...]:
        return await demo.load_demo(self.database, self.places, self.people, self.guides, self.clock.now())


@pytest_asyncio.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    found = Stores(tmp_path)
    yield found
    await found.database.close()


def test_each_of_the_nine_cities_has_one_centre_with_both_kinds_of_window() -> None:
    centres = {centre.centre: centre for centre in demo.centres()}
    assert [centre.city for centre in centres.values()] == list(CITIES)
    kinds = {(window.centre, window.kind) for window in demo.windows()}
    assert kinds == {(centre, kind) for centre in centres for kind in ("offline", "virtual")}
    for centre in centres.values():
        assert float(centre.area.split()[0]) >= 10
        assert centre.hours
        assert centre.address
        assert re.fullmatch(r"0\d{2,3}-555\d{4}", centre.phone), "an invented number"


def test_each_centre_has_one_or_two_kiosks_with_stable_ids() -> None:
    kiosks = dict(demo.kiosks())
    assert KioskId("sj-01") in kiosks
    per_window = Counter(kiosks.values())
    assert set(per_window) == {window.window for window in demo.windows() if window.kind == "virtual"}
    assert set(per_window.values()) <= {1, 2}


def test_each_centre_has_a_and_b_for_its_own_city_and_every_role_exists() -> None:
    people = demo.people()
    for centre in demo.centres():
        staff = [p for p in people if p.centre == centre.centre and p.role == "staff"]
        assert {p.post for p in staff} == {"A", "B"}
        assert all(p.skills == ((centre.city, "*"),) for p in staff)
    assert {p.role for p in people} == {"staff", "supervisor", "technician", "admin", "evaluator"}
    for values in ([p.account for p in people], [p.number for p in people], [p.name for p in people]):
        assert len(set(values)) == len(values)
    assert all(re.fullmatch(r"[a-z-]{5,20}", p.account) for p in people)


async def test_a_load_gives_accounts_that_sign_in_and_facts_that_route(stores: Stores) -> None:
    accounts = await stores.load()
    assert len(accounts) == len(demo.people())
    assert len({account.password for account in accounts}) == len(accounts)
    first = next(account for account in accounts if account.account == "jiaxing-a")
    _, session = await stores.people.sign_in("jiaxing-a", first.password, stores.clock.now())
    catalogue = LiveCatalogue(stores.shelf, stores.clock)
    await catalogue.refresh()
    register = Register(stores.database, catalogue)
    staff = await register.staff(session.staff)
    assert (staff.city, staff.post, staff.skills) == ("jiaxing", "A", (("jiaxing", "*"),))
    assert staff.centre_name == first.centre_name == "嘉兴市政务服务中心"
    kiosk = await register.kiosk(KioskId("sj-01"))
    assert (kiosk.city, kiosk.centre, kiosk.revoked) == ("songjiang", "sj", False)
    assert (await register.item(111, "jiaxing")).virtual
    assert [(guide.item, guide.version) for guide in await stores.shelf.guides()] == [
        (1, 1), (4, 1), (78, 1), (86, 1), (111, 1),
    ]  # fmt: skip
    assert len(await stores.shelf.windows()) == 18


async def test_a_second_load_keeps_the_data_and_changes_the_passwords(stores: Stores) -> None:
    old = {account.account: account.password for account in await stores.load()}
    changed = CentreFacts(CentreId("jx"), "嘉兴市政务服务中心南湖分中心", "jiaxing")
    await stores.places.save_centre(changed)
    await stores.kiosks.revoke(KioskId("sj-02"), stores.clock.now())
    new = {account.account: account.password for account in await stores.load()}
    assert set(new) == set(old)
    assert all(new[account] != old[account] for account in old)
    with pytest.raises(Refused, match="wrong_password"):
        await stores.people.sign_in("admin", old["admin"], stores.clock.now())
    await stores.people.sign_in("admin", new["admin"], stores.clock.now())
    assert changed in await stores.places.centres()
    kiosks = {row.kiosk: row.revoked_at for row in await stores.kiosks.listed(ALL)}
    assert len(kiosks) == len(demo.kiosks())
    assert kiosks[KioskId("sj-02")] is not None
    assert {guide.version for guide in await stores.shelf.guides()} == {1}
    assert len(await stores.people.accounts()) == len(demo.people())


async def test_a_disabled_account_stays_disabled(stores: Stores) -> None:
    loaded = {account.account: account.password for account in await stores.load()}
    _, session = await stores.people.sign_in("wuhu-b", loaded["wuhu-b"], stores.clock.now())
    await stores.people.disable(session.staff, stores.clock.now())
    assert "wuhu-b" not in {account.account for account in await stores.load()}


async def test_a_wrong_row_is_left_out_and_the_rest_stays(stores: Stores, caplog: pytest.LogCaptureFixture) -> None:
    await stores.load()
    await stores.guides.add_guide(2, "*", {"days": "soon"}, stores.clock.now())
    await stores.guides.save_rule(RuleFacts(3, "*", True, "by_post", True))
    await stores.guides.save_rule(RuleFacts(62, "hefei", True, "filing", True, centre=CentreId("hf")))
    assert [guide.item for guide in await stores.shelf.guides()] == [1, 4, 78, 86, 111]
    assert [(rule.item, rule.city) for rule in await stores.shelf.rules()] == [(62, "hefei")]
    assert len(caplog.records) == 2
