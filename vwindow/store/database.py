"""The database: one engine, sync sessions in a few own threads, migrations at start."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlmodel import Session

from vwindow.errors import Broken, Unavailable

T = TypeVar("T")

READERS, WRITERS, COMPUTERS = 4, 2, 2
"""Threads of each kind of work: writes that wait for a lock and password hashes keep no read waiting."""
CONNECTIONS = READERS + WRITERS
_WRITES = "vwindow_writes"


class Database:
    """Run work in sessions, off the event loop.

    `read` and `write` each give the work one session and one transaction: it commits when the work returns
    and rolls back when it raises. On SQLite a write takes the write lock at once (BEGIN IMMEDIATE), because a
    read that turns into a write later fails without waiting when another write came between.
    Raises Unavailable("database_unavailable") when the database is locked, full or not reachable.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="store-write")
        self._computers = ThreadPoolExecutor(COMPUTERS, thread_name_prefix="store-compute")
        self._closed = False

    @classmethod
    def open(cls, url: str) -> "Database":
        """Connect to a SQLAlchemy URL and bring the schema up to date; blocks, so call it before serving.

        Raises Broken("database_newer") when the schema is newer than this program,
        Unavailable("database_unavailable").
        """
        engine = make_engine(url)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    @property
    def engine(self) -> Engine:
        """Return the engine, for migrations and tests."""
        return self._engine

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run work that changes nothing."""
        return await self._run(self._readers, lambda: self._in_session(self._engine, work))

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run work that changes rows; it may be the only writer while it runs, so it must be short."""
        return await self._run(self._writers, lambda: self._in_session(self._writer, work))

    async def compute(self, work: Callable[[], T]) -> T:
        """Run slow work (password hashing) in threads of its own."""
        return await self._run(self._computers, work)

    async def reachable(self) -> bool:
        """Tell whether a query succeeds."""
        try:
            return await self.read(lambda session: session.execute(text("SELECT 1")).scalar() == 1)
        except Unavailable:
            return False

    async def close(self) -> None:
        """Wait for running work, then end threads and connections; idempotent."""
        if not self._closed:
            self._closed = True
            for threads in (self._writers, self._readers, self._computers):
                await asyncio.to_thread(threads.shutdown)
            self._engine.dispose()

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("database_unavailable")
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    @staticmethod
    def _in_session(engine: Engine, work: Callable[[Session], T]) -> T:
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                return work(session)
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("database_unavailable", str(error.orig)) from error


def make_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, pool_size=CONNECTIONS, max_overflow=0)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; raise Broken("database_newer"), Unavailable("database_unavailable")."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.connect().execution_options(**{_WRITES: True}) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except CommandError as error:
        raise Broken("database_newer", str(error)) from error
    except DBAPIError as error:
        raise Unavailable("database_unavailable", str(error.orig)) from error


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver must not open transactions on its own: _begin_sqlite says which kind.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        # In WAL a commit survives the death of the process; only power loss can cost the last commits.
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
