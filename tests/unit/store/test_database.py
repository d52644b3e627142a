"""The schema, its migrations, and what survives a kill."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import Session

from tests.fakes.store_house import StoreHouse
from vwindow.errors import Broken, Unavailable
from vwindow.store.call_tables import Call
from vwindow.store.columns import Row
from vwindow.store.database import Database, make_engine, migrate
from vwindow.store.tables import Centre


def test_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_a_schema_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "a.db") as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.close()
    with pytest.raises(Broken) as caught:
        Database.open(url)
    assert caught.value.code == "database_newer"


def test_every_row_carries_its_centre() -> None:
    for table in Row.metadata.tables.values():
        assert "centre" in table.columns or table.name == "centre", table.name


async def test_work_that_raises_leaves_nothing(house: StoreHouse) -> None:
    def work(session: Session) -> None:
        session.add(Centre(id="x", name="x", city="hefei", level="", area="", address="", hours="", phone=""))
        session.flush()
        raise KeyError("no")

    with pytest.raises(KeyError):
        await house.database.write(work)
    assert await house.database.read(lambda session: session.get(Centre, "x")) is None


async def test_many_writers_wait_for_each_other(house: StoreHouse) -> None:
    calls = [house.record(f"c-{number}") for number in range(40)]
    await asyncio.gather(*(house.ledger.save_call(call) for call in calls))
    count = await house.database.read(lambda session: session.execute(text("SELECT count(*) FROM call")).scalar())
    assert count == 40


async def test_a_closed_database_is_unavailable(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}")
    assert await database.reachable()
    await database.close()
    await database.close()
    assert not await database.reachable()
    with pytest.raises(Unavailable):
        await database.read(lambda session: session.get(Call, "x"))


def test_rows_survive_kill_9(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from tests.fakes.store_house import store_house

async def main():
    async with store_house(Path({str(tmp_path)!r})) as house:
        await house.ledger.save_call(house.record("c-1", ended_at=None, phase="talking", reason=None))
        print("saved", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"saved\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with sqlite3.connect(tmp_path / "vwindow.db") as plain:
        assert plain.execute("SELECT phase FROM call WHERE id = 'c-1'").fetchone() == ("talking",)
    plain.close()
