"""What is done at the server's terminal."""

import asyncio
import io
import sys
from pathlib import Path

import pytest

from vwindow.__main__ import main
from vwindow.books import Books
from vwindow.clock import SystemClock
from vwindow.config import Settings
from vwindow.errors import Refused
from vwindow.ids import CentreId
from vwindow.store.places import CentreFacts

PASSWORD = "a long pass phrase"


async def with_centre(settings: Settings) -> None:
    books = await Books.open(settings, SystemClock())
    await books.places.save_centre(CentreFacts(CentreId("hefei"), "合肥中心", "hefei"))
    await books.database.close()


async def codes(settings: Settings, *passwords: str) -> list[str]:
    """Sign in at one place with each password; return what came of it."""
    books = await Books.open(settings, SystemClock())
    found = []
    for password in passwords:
        try:
            await books.people.sign_in("li", password, SystemClock().now(), "192.0.2.1")
            found.append("ok")
        except Refused as error:
            found.append(error.code)
    await books.database.close()
    return found


def test_an_account_is_made_and_unlocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text(f'data_dir = "{tmp_path}"\n', encoding="utf-8")
    folder = ["--config", str(tmp_path / "config.toml")]
    settings = Settings(data_dir=tmp_path)
    asyncio.run(with_centre(settings))
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    assert main(["staff", "add", "li", "李工", "H-1", "hefei", *folder]) == 0
    tries = asyncio.run(codes(settings, *["wrong"] * 5, PASSWORD))
    assert tries == ["wrong_password"] * 5 + ["locked_out"]
    assert main(["staff", "unlock", "li", *folder]) == 0
    assert asyncio.run(codes(settings, PASSWORD)) == ["ok"]
    assert main(["staff", "unlock", "nobody", *folder]) == 1
