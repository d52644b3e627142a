"""`vwindow recording verify` and `export`, as a person at the terminal types them."""

import asyncio
from pathlib import Path

import av
import pytest

from tests.fakes.encoded import encode_pictures, encode_voice, opus_packets, vp8_packets
from tests.fakes.store_house import HEFEI, store_house
from tests.unit.recording.conftest import Take
from vwindow.__main__ import main
from vwindow.books import Books, open_keys
from vwindow.clock import SystemClock
from vwindow.config import Settings
from vwindow.errors import Broken
from vwindow.ids import CallId
from vwindow.recording.finisher import finish
from vwindow.store.view_log import Seen

MASTER = "2:" + "5a" * 32


class Kept:
    """One finished recording in the books of a server that is not running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder / "var", recordings_dir=folder / "rec", master_key=MASTER)
        self.recording = ""
        self.place = folder

    async def make(self) -> None:
        self.settings.data_dir.mkdir()
        async with store_house(self.folder, self.settings.database_url) as house:
            await house.ledger.save_call(house.record("c-1"))
        books = await Books.open(self.settings, SystemClock())
        try:
            order = await books.ledger.open_recording(CallId("c-1"), HEFEI, SystemClock().now())
            take = Take(self.folder)
            take.journal, take.key = Path(order.path), bytes.fromhex(order.key_hex)
            packets = {
                "kiosk.face": vp8_packets(encode_pictures(2.0), origin=take.origin),
                "staff.microphone": opus_packets(encode_voice(2.0), origin=take.origin),
            }
            await take.record(packets, 2.0)
            await books.ledger.close_recording(order.recording, SystemClock().now())
            self.recording, self.place = order.recording, take.journal.parent
            result = finish([take.journal], self.place, take.key, delete_journal=True)
            await books.ledger.recordings.recording_finished(order.recording, result)
        finally:
            await books.database.close()

    async def log(self) -> list[Seen]:
        books = await Books.open(self.settings, SystemClock())
        try:
            return list(await books.view_log.entries())
        finally:
            await books.database.close()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    found = Kept(tmp_path)
    asyncio.run(found.make())
    monkeypatch.setenv("VWINDOW_DATA_DIR", str(found.settings.data_dir))
    monkeypatch.setenv("VWINDOW_RECORDINGS_DIR", str(found.settings.recordings_dir))
    monkeypatch.setenv("VWINDOW_MASTER_KEY", MASTER)
    return found


def test_a_recording_is_verified_by_its_id_and_by_its_path(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recording", "verify", kept.recording]) == 0
    said = capsys.readouterr().out
    assert "as kept account of" in said and said.endswith("all holds\n")
    assert main(["recording", "verify", str(kept.place)]) == 0
    file = kept.place / "kiosk.webm.sealed"
    assert main(["recording", "verify", str(file)]) == 0
    capsys.readouterr()
    data = file.read_bytes()
    file.write_bytes(data[:500] + b"\0\1" + data[502:])
    assert main(["recording", "verify", kept.recording]) == 1
    assert "BAD kiosk.webm.sealed" in capsys.readouterr().out
    assert main(["recording", "verify", "r-none"]) == 1
    assert "unknown_recording" in capsys.readouterr().err


def test_an_export_is_one_file_and_an_entry_in_the_view_log(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    file = kept.folder / "call.mp4"
    assert main(["recording", "export", kept.recording, "--mp4", str(file)]) == 0
    with av.open(str(file)) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}
    assert main(["recording", "export", kept.recording, "--mp4", str(file)]) == 1
    assert "file_exists" in capsys.readouterr().err
    entries = asyncio.run(kept.log())
    assert [(e.kind, e.subject, e.staff) for e in entries] == [
        ("recording_exported", kept.recording, "command-line")
    ] * 2


def test_a_journal_without_a_server_is_verified_with_its_key(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    take = Take(folder)
    take.journal = folder / "room-1.journal"
    asyncio.run(take.record({}, 1.0))
    assert main(["recording", "verify", str(take.journal)]) == 2
    (folder / "journal.key").write_text(take.key.hex() + "\n")
    assert main(["recording", "verify", str(take.journal)]) == 0
    other = tmp_path / "other.key"
    other.write_text("00" * 32)
    assert main(["recording", "verify", str(take.journal), "--key-file", str(other)]) == 1
    other.write_text("no key")
    assert main(["recording", "verify", str(take.journal), "--key-file", str(other)]) == 2
    assert "does not open it" in capsys.readouterr().out


def test_the_master_key_comes_from_the_environment(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not (kept.settings.data_dir / "keys").exists()
    for broken in ("zz", "5a" * 31, "0:" + "5a" * 32, "x:" + "5a" * 32):
        with pytest.raises(Broken):
            open_keys(Settings(master_key=broken), create=False)
    monkeypatch.setenv("VWINDOW_MASTER_KEY", "1:" + "5a" * 32)
    assert main(["recording", "verify", kept.recording]) == 1  # it was wrapped by number 2
