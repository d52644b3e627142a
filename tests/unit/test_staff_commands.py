"""Accounts at the server's terminal."""

import asyncio
import io
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vwindow import __main__ as command
from vwindow import config
from vwindow.books import Books
from vwindow.clock import SystemClock
from vwindow.errors import Refused
from vwindow.ids import CentreId
from vwindow.store.people import NewPerson
from vwindow.store.places import CentreFacts

OLD, NEW = "the first pass phrase", "the second pass phrase"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VWINDOW_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("VWINDOW_RECORDINGS_DIR", str(tmp_path / "recordings"))
    return tmp_path


async def books() -> Books:
    return await Books.open(config.load(None, config.environment()), FakeClock())


async def with_account() -> str:
    """Make an account; return the token of a session of it."""
    house = await books()
    await house.places.save_centre(CentreFacts(centre=CentreId("sj"), name="松江", city="songjiang"))
    await house.people.create_staff(NewPerson("li", "李", "7", CentreId("sj")), OLD, SystemClock().now())
    token, _ = await house.people.sign_in("li", OLD, SystemClock().now())
    await house.database.close()
    return token


async def state(token: str, password: str) -> tuple[bool, str]:
    """Tell whether a session lives, and why one may not sign in."""
    house = await books()
    try:
        lives = await house.people.session(token, SystemClock().now()) is not None
        try:
            await house.people.sign_in("li", password, SystemClock().now())
        except Refused as error:
            return lives, error.code
        return lives, ""
    finally:
        await house.database.close()


async def run(*arguments: str) -> int:
    """Run the command as a terminal does: in a loop of its own."""
    return await asyncio.to_thread(command.main, ["staff", *arguments])


async def test_a_disabled_account_has_no_session_and_signs_in_no_more(folder: Path) -> None:
    token = await with_account()
    assert await state(token, OLD) == (True, "")
    assert await run("disable", "LI ") == 0
    assert await state(token, OLD) == (False, "wrong_password")


async def test_a_new_password_ends_the_sessions_of_the_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await with_account()
    monkeypatch.setattr("sys.stdin", io.StringIO(NEW + "\n"))
    assert await run("password", "li") == 0
    assert await state(token, OLD) == (False, "wrong_password")
    assert await state(token, NEW) == (False, "")


async def test_a_stranger_is_said_to_be_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await with_account()
    assert await run("disable", "nobody") == 1
    assert "unknown_staff" in capsys.readouterr().err


async def test_a_name_that_fits_no_page_is_refused(folder: Path) -> None:
    house = await books()
    try:
        for person in (
            NewPerson("li", "李" * 65, "7", CentreId("sj")),
            NewPerson("li", "李", "7" * 65, CentreId("sj")),
        ):
            with pytest.raises(Refused, match="64 characters"):
                await house.people.create_staff(person, OLD, SystemClock().now())
    finally:
        await house.database.close()
