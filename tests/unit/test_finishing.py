"""Journals become recordings one after the other; a stop waits for the last ones."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from vwindow import finishing
from vwindow.errors import Unavailable
from vwindow.finishing import Finishing
from vwindow.ids import RecordingId

ONE, TWO = RecordingId("one"), RecordingId("two")


class FakeBook:
    """Implement finishing.RecordingBook in memory."""

    def __init__(self, folder: Path, waiting: list[RecordingId]) -> None:
        self.folder = folder
        self.waiting = waiting
        self.finished: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.away = 0

    async def journals_to_finish(self) -> list[RecordingId]:
        return self.waiting

    async def journals(self, recording: RecordingId) -> list[Path]:
        return [self.folder / recording / f"{recording}.journal"]

    async def recording_key(self, recording: RecordingId) -> bytes:
        return bytes(32)

    async def recording_finished(self, recording: RecordingId, result: dict[str, Any]) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("database_unavailable")
        self.finished[recording] = result

    async def recording_failed(self, recording: RecordingId, code: str) -> None:
        self.failed[recording] = code


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Run a small script instead of the finisher."""
    script = tmp_path / "finisher"
    script.write_text(f"#!{sys.executable}\nimport json, sys, time\n{body}\n")
    script.chmod(0o755)
    monkeypatch.setattr(finishing.sys, "executable", str(script))


async def test_it_finishes_what_an_earlier_run_left_and_a_stop_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"print({json.dumps(json.dumps({'ok': True, 'duration': 1.0}))})")
    book = FakeBook(tmp_path, [ONE])
    work = Finishing(book, FakeClock())
    await work.start()
    work.add(TWO)
    await work.stop()
    assert list(book.finished) == [ONE, TWO] and work.finished == 2


async def test_a_finisher_without_a_word_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "sys.exit(3)")
    book = FakeBook(tmp_path, [ONE])
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert book.failed == {ONE: "finisher_broken"}


async def test_a_stop_that_cannot_wait_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "time.sleep(600)")
    book = FakeBook(tmp_path, [ONE, TWO])
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop(patience=0.3)
    assert not book.finished and not book.failed


async def test_a_store_that_is_away_does_not_end_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, f"print({json.dumps(json.dumps({'ok': True, 'duration': 1.0}))})")
    book = FakeBook(tmp_path, [ONE, TWO])
    book.away = 1
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert list(book.finished) == [TWO]
