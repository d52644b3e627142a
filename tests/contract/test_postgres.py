"""The same store on a real PostgreSQL: migrations, locks, triggers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.fakes.postgres import postgres
from tests.fakes.store_house import HEFEI, PASSWORD, StoreHouse, store_house
from vwindow.access import Viewer
from vwindow.errors import Refused, Unavailable
from vwindow.ids import CallId, StaffId
from vwindow.store.columns import Row
from vwindow.store.database import Database

SUPERVISOR = Viewer(StaffId("s-boss"), "supervisor", "all", HEFEI, "hefei")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres() as address:
        yield address


@pytest.fixture
async def house(url: str, tmp_path: Path) -> AsyncIterator[StoreHouse]:
    async with store_house(tmp_path, url) as filled:
        yield filled
        await filled.database.write(
            lambda session: session.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        )


async def test_migrations_make_what_the_models_say(house: StoreHouse) -> None:
    with house.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


async def test_a_call_is_kept_and_read_back(house: StoreHouse) -> None:
    record = house.record("c-1")
    for _ in range(2):
        await house.ledger.save_call(record)
        await house.ledger.save_rating(record.call, 4, house.now)
        await house.ledger.save_event(record.call, "ringing", {"staff": "s"}, house.now)
        await house.ledger.save_callback(record.call, "张三", "13900001234", house.now)
    order = await house.ledger.open_recording(record.call, HEFEI, house.now)
    await house.ledger.close_recording(order.recording, house.now)
    assert await house.ledger.recordings.journals_to_finish() == [order.recording]
    (call,) = await house.reading.calls(SUPERVISOR)
    assert (call.asked_at, call.note, call.rating) == (record.asked_at, "the note", 4)
    assert call.recording.state == "finishing"
    await house.ledger.save_call(house.record("c-2", ended_at=None))
    assert [c.call for c in await house.ledger.end_open_calls("server_restarted", house.now)] == ["c-2"]
    (row,) = await house.callbacks.listed(SUPERVISOR)
    assert row.call == CallId("c-1")


async def test_sign_in_counts_attempts_side_by_side(house: StoreHouse) -> None:
    token, signed_in = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    assert await house.people.session(token, house.now) == signed_in

    async def wrong() -> str:
        with pytest.raises(Refused) as caught:
            await house.people.sign_in("hefei.staff", "wrong", house.now)
        return caught.value.code

    codes = await asyncio.gather(*(wrong() for _ in range(10)))
    assert (codes.count("wrong_password"), codes.count("locked_out")) == (5, 5)


async def test_two_at_once_spend_a_code_once(house: StoreHouse) -> None:
    code = (await house.kiosks.make_code(house.kiosk, StaffId("s-admin"), house.now)).code
    keys = [Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex() for _ in range(6)]
    tries = (house.kiosks.enrol(code, key, house.now) for key in keys)
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert {r.code for r in results if isinstance(r, Refused)} == {"enrol_code_used"}


async def test_the_view_log_is_one_chain_and_append_only(house: StoreHouse) -> None:
    await asyncio.gather(
        *(house.view_log.append(SUPERVISOR, "callback_revealed", str(n), house.now) for n in range(12))
    )
    assert await house.view_log.head() == 12
    assert await house.view_log.verify() is None
    for sql in ("UPDATE view_log SET staff = 'x'", "DELETE FROM view_log", "TRUNCATE view_log"):
        with pytest.raises(DBAPIError, match="append-only"):
            await house.database.write(lambda session, sql=sql: session.execute(text(sql)))
    await house.database.write(
        lambda session: session.execute(
            text(
                "ALTER TABLE view_log DISABLE TRIGGER USER; UPDATE view_log SET subject = 'x' WHERE seq = 7;"
                "ALTER TABLE view_log ENABLE TRIGGER USER"
            )
        )
    )
    assert await house.view_log.verify() == 7


def test_a_server_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Database.open(f"postgresql+psycopg://vwindow@/postgres?host={tmp_path}")
    assert caught.value.code == "database_unavailable"
