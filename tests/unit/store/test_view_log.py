"""The view log: append-only, and every change shows."""

import asyncio
import sqlite3

import pytest

from tests.fakes.store_house import HEFEI, StoreHouse
from vwindow.access import Viewer
from vwindow.ids import CallId, StaffId

VIEWER = Viewer(StaffId("s-1"), "supervisor", "all", HEFEI, "hefei")


async def filled(house: StoreHouse) -> None:
    for number in range(5):
        await house.view_log.append(VIEWER, "recording_viewed", f"r-{number}", house.now, "kiosk")
        house.clock.advance(1)


def alter(house: StoreHouse, sql: str, *, guarded: bool) -> None:
    rows = sqlite3.connect(house.folder / "vwindow.db")
    try:
        if not guarded:
            for verb in ("update", "delete"):
                rows.execute(f"DROP TRIGGER view_log_no_{verb}")
        rows.execute(sql)
        rows.commit()
    finally:
        rows.close()


async def test_entries_come_back_in_order_and_the_chain_is_whole(house: StoreHouse) -> None:
    assert await house.view_log.verify() is None
    assert await house.view_log.head() == 0
    await filled(house)
    assert await house.view_log.verify() is None
    assert await house.view_log.head() == 5
    assert [entry.subject for entry in await house.view_log.entries(2, before=5)] == ["r-3", "r-2"]


async def test_entries_at_once_make_one_chain(house: StoreHouse) -> None:
    await asyncio.gather(*(house.view_log.append(VIEWER, "callback_revealed", str(n), house.now) for n in range(20)))
    assert await house.view_log.head() == 20
    assert await house.view_log.verify() is None


@pytest.mark.parametrize("sql", ["UPDATE view_log SET staff = 's-2'", "DELETE FROM view_log WHERE seq = 5"])
async def test_the_database_refuses_changes(house: StoreHouse, sql: str) -> None:
    await filled(house)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        alter(house, sql, guarded=True)


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE view_log SET staff = 's-2' WHERE seq = 3", 3),
        ("UPDATE view_log SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2", 2),
        ("DELETE FROM view_log WHERE seq = 1", 1),
        ("DELETE FROM view_log WHERE seq = 4", 4),
    ],
)
async def test_a_change_behind_the_triggers_shows(house: StoreHouse, sql: str, broken: int) -> None:
    await filled(house)
    alter(house, sql, guarded=False)
    assert await house.view_log.verify() == broken


async def test_a_revealed_name_is_logged(house: StoreHouse) -> None:
    await house.ledger.save_call(house.record("c-1"))
    await house.ledger.save_callback(CallId("c-1"), "张三丰", "13900001234", house.now)
    staff = Viewer(house.staff["hefei.staff"], "staff", "centre", HEFEI, "hefei")
    (masked,) = await house.callbacks.listed(staff)
    assert (masked.name, masked.phone) == ("张**", "*******1234")
    assert await house.view_log.head() == 0
    shown = await house.callbacks.revealed(staff, CallId("c-1"), house.now)
    assert (shown.name, shown.phone) == ("张三丰", "13900001234")
    (entry,) = await house.view_log.entries()
    assert (entry.staff, entry.kind, entry.subject) == (staff.staff, "callback_revealed", "c-1")
