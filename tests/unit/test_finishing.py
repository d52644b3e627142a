"""Journals become recordings one after the other; a stop waits for the last ones."""

import asyncio
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
    """Implement finishing.RecordingBook in memory; `away` makes the next calls fail."""

    def __init__(self, folder: Path, waiting: list[RecordingId]) -> None:
        self.folder = folder
        self.waiting = waiting
        self.finished: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.away = 0
        self.news = asyncio.Event()

    def _enter(self) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("database_unavailable")

    def journal(self, recording: RecordingId) -> Path:
        return self.folder / recording / f"{recording}.journal"

    async def journals_to_finish(self) -> list[RecordingId]:
        return self.waiting

    async def journals(self, recording: RecordingId) -> list[Path]:
        self._enter()
        return [self.journal(recording)]

    async def recording_key(self, recording: RecordingId) -> bytes:
        self._enter()
        return bytes(32)

    async def recording_finished(self, recording: RecordingId, result: dict[str, Any]) -> None:
        self._enter()
        assert self.kept(recording)
        self.finished[recording] = result
        self.news.set()

    async def recording_failed(self, recording: RecordingId, code: str) -> None:
        self._enter()
        self.failed[recording] = code
        self.news.set()

    def write(self, recording: RecordingId) -> None:
        self.journal(recording).parent.mkdir(parents=True, exist_ok=True)
        self.journal(recording).write_text("packets")

    def kept(self, recording: RecordingId) -> bool:
        return self.journal(recording).exists()

    async def until(self, *recordings: RecordingId) -> None:
        """Wait until these are ready or failed."""
        async with asyncio.timeout(10):
            while not {*self.finished, *self.failed} >= set(recordings):
                self.news.clear()
                await self.news.wait()


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Run a small script instead of the finisher."""
    script = tmp_path / "finisher"
    script.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
    script.chmod(0o755)
    monkeypatch.setattr(finishing.sys, "executable", str(script))


@pytest.fixture
def book(tmp_path: Path) -> FakeBook:
    made = FakeBook(tmp_path, [ONE])
    for recording in (ONE, TWO):
        made.write(recording)
    return made


SAYS = "print(json.dumps({'ok': True, 'duration': 1.0, 'damaged': False}))"


async def test_it_finishes_what_an_earlier_run_left_and_a_stop_waits(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, SAYS)
    work = Finishing(book, FakeClock())
    await work.start()
    work.add(TWO)
    await work.stop()
    assert list(book.finished) == [ONE, TWO] and work.finished == 2


async def test_a_journal_goes_only_after_the_store_names_the_files(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That it is there until then, the fake itself asserts.
    stand_in(tmp_path, monkeypatch, f"assert '--delete-journal' not in sys.argv\n{SAYS}")
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert not book.kept(ONE) and book.kept(TWO)


async def test_a_damaged_journal_is_kept(book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, SAYS.replace("False", "True"))
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert list(book.finished) == [ONE] and book.kept(ONE)


@pytest.mark.parametrize(
    "death",
    ["sys.exit(3)", "os.kill(os.getpid(), 9)", "print(json.dumps({'ok': False, 'code': 'disk'}))", "print('no json')"],
)
async def test_a_finisher_that_dies_once_costs_a_pause_only(
    death: str, book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "died"
    dies = f"if not os.path.exists({str(mark)!r}):\n    open({str(mark)!r}, 'w')\n    {death}\n    sys.exit(1)\n"
    stand_in(tmp_path, monkeypatch, dies + SAYS)
    work = Finishing(book, FakeClock(), pauses=(0.01,))
    await work.start()
    await book.until(ONE)
    await work.stop()
    assert list(book.finished) == [ONE] and not book.failed and mark.exists()


async def test_a_finisher_that_dies_each_time_is_a_failure_at_last(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = tmp_path / "count"
    stand_in(tmp_path, monkeypatch, f"open({str(count)!r}, 'a').write('x')\nsys.exit(3)")
    work = Finishing(book, FakeClock(), pauses=(0.01, 0.01))
    await work.start()
    await book.until(ONE)
    await work.stop()
    assert book.failed == {ONE: "finisher_broken"} and work.failed == 1
    assert count.read_text() == "xxx" and book.kept(ONE)


@pytest.mark.parametrize("code", ["wrong_key", "journal_unreadable"])
async def test_what_no_try_mends_fails_at_once(
    code: str, book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f"print(json.dumps({{'ok': False, 'code': {code!r}}}))")
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert book.failed == {ONE: code} and book.kept(ONE)


async def test_a_full_disk_is_waited_for_and_a_stop_leaves_it_for_the_next_start(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    count = tmp_path / "count"
    stand_in(tmp_path, monkeypatch, f"open({str(count)!r}, 'a').write('x')\nprint(json.dumps({{'ok': False, "
             f"'code': 'disk' if len(open({str(count)!r}).read()) < 4 else 'wrong_key'}}))")  # fmt: skip
    work = Finishing(book, FakeClock(), pauses=(0.01,))
    await work.start()
    await book.until(ONE)  # the fourth try, of two
    await work.stop()
    count.unlink()
    book.failed.clear()
    work = Finishing(book, FakeClock(), pauses=(600.0,))
    await work.start()
    await work.stop()
    assert not book.failed and "1 journals are left" in caplog.text


async def test_a_finisher_that_cannot_be_started_is_tried_again(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, SAYS)
    script = tmp_path / "finisher"
    script.rename(tmp_path / "away")
    work = Finishing(book, FakeClock(), pauses=(0.05,))
    await work.start()
    await work.stop()  # the queue is empty, the try is put off
    assert not book.failed and not book.finished
    (tmp_path / "away").rename(script)
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop()
    assert list(book.finished) == [ONE]


async def test_a_stop_that_cannot_wait_leaves_the_journal_as_it_was(
    book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "time.sleep(600)")
    book.waiting = [ONE, TWO]
    work = Finishing(book, FakeClock())
    await work.start()
    await work.stop(patience=0.3)
    assert not book.finished and not book.failed


@pytest.mark.parametrize("away", [1, 2, 3])
async def test_a_store_that_is_away_costs_a_pause_only(
    away: int, book: FakeBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Away when asked for the journals, then for the key, then at the end.
    stand_in(tmp_path, monkeypatch, SAYS)
    book.waiting = [ONE, TWO]
    book.away = away
    work = Finishing(book, FakeClock(), pauses=(0.01,))
    await work.start()
    await book.until(ONE, TWO)
    await work.stop()
    assert {*book.finished} == {ONE, TWO} and not book.failed
