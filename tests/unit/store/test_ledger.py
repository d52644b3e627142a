"""Calls, call-backs, ratings, events and recordings as they are kept."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.fakes.store_house import HEFEI, StoreHouse
from vwindow.errors import Refused
from vwindow.ids import CallId, RecordingId

SIDES = {
    "kiosk": {"file": "a.webm", "bytes": 10, "tracks": [{"kind": "audio", "source": "kiosk.microphone"}]},
    "staff": {"file": "b.webm", "bytes": 20, "tracks": []},
}


async def test_every_method_may_be_called_again(house: StoreHouse) -> None:
    record = house.record("c-1")
    for _ in range(2):
        await house.ledger.save_call(record)
        await house.ledger.save_callback(record.call, "张三", "139 0000 1234", house.now)
        await house.ledger.save_rating(record.call, 5, house.now)
        await house.ledger.save_event(record.call, "ringing", {"staff": "s"}, house.now)
    rows = sqlite3.connect(house.folder / "vwindow.db")
    for table in ("call", "callback", "rating", "call_event"):
        assert rows.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table
    rows.close()


async def test_names_phones_and_notes_are_not_on_disk_in_plain(house: StoreHouse) -> None:
    await house.ledger.save_call(house.record("c-1", note="the visitor's secret"))
    await house.ledger.save_callback(CallId("c-1"), "欧阳测试", "13900001234", house.now)
    await house.database.close()
    everything = b"".join(file.read_bytes() for file in house.folder.glob("vwindow.db*"))
    for secret in ("the visitor's secret", "欧阳测试", "13900001234"):
        assert secret.encode() not in everything


async def test_what_hangs_on_an_unknown_call_is_refused(house: StoreHouse) -> None:
    for work in (
        house.ledger.save_callback(CallId("c-0"), "x", "12345", house.now),
        house.ledger.save_rating(CallId("c-0"), 3, house.now),
        house.ledger.save_event(CallId("c-0"), "x", {}, house.now),
    ):
        with pytest.raises(Refused) as caught:
            await work
        assert caught.value.code == "unknown_call"


async def test_calls_left_open_end_once(house: StoreHouse) -> None:
    open_call = house.record("c-1", ended_at=None, phase="talking", reason=None)
    await house.ledger.save_call(open_call)
    await house.ledger.save_call(house.record("c-2"))
    ended = await house.ledger.end_open_calls("server_restarted", house.now)
    assert [(call.call, call.phase, call.reason, call.note) for call in ended] == [
        ("c-1", "ended", "server_restarted", "the note")
    ]
    assert ended[0].ended_at == house.now
    assert await house.ledger.end_open_calls("server_restarted", house.now) == []


async def test_calls_that_ended_lately_come_with_what_followed(house: StoreHouse) -> None:
    ago = [house.now - timedelta(seconds=seconds) for seconds in (400, 200, 100)]
    for number, at in enumerate(ago):
        await house.ledger.save_call(house.record(f"c-{number}", ended_at=at, asked_at=at - timedelta(seconds=60)))
    await house.ledger.save_call(house.record("c-9", ended_at=None, phase="talking", reason=None))
    await house.ledger.save_rating(CallId("c-1"), 5, house.now)
    await house.ledger.save_event(CallId("c-1"), "closed", {}, house.now)
    await house.ledger.save_event(CallId("c-2"), "wrap_up_over", {}, house.now)
    await house.ledger.save_event(CallId("c-2"), "rung", {}, house.now)
    first, second = await house.ledger.ended_calls(house.now - timedelta(seconds=300))
    assert (first.record.call, first.rated, first.closed, first.wrap_up_over) == ("c-1", True, True, False)
    assert (second.record.call, second.rated, second.closed, second.wrap_up_over) == ("c-2", False, False, True)
    assert second.record.note == "the note"


async def test_a_recording_goes_from_writing_to_ready(house: StoreHouse) -> None:
    await house.ledger.save_call(house.record("c-1"))
    order = await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now)
    assert order == await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now)
    path = Path(order.path)
    assert path == house.folder / "recordings/2026/03" / order.recording / f"{order.recording}.journal"
    assert path.parent.is_dir()
    book = house.ledger.recordings
    assert await book.journals_to_finish() == []
    await house.ledger.close_recording(order.recording, house.now)
    assert await book.journals_to_finish() == [order.recording]
    assert await book.journals(order.recording) == [path]
    assert (await book.recording_key(order.recording)).hex() == order.key_hex
    with pytest.raises(Refused) as caught:
        await book.side(order.recording, "kiosk")
    assert (caught.value.code, caught.value.retryable) == ("recording_not_ready", True)
    await book.recording_finished(order.recording, {"ok": True, "duration": 60.5, "sides": SIDES})
    assert await book.journals_to_finish() == []
    assert await book.side(order.recording, "staff") == (path.parent / "b.webm", bytes.fromhex(order.key_hex))
    await house.ledger.close_recording(order.recording, house.now)
    assert await book.journals_to_finish() == []


async def test_the_finisher_cannot_name_a_file_elsewhere(house: StoreHouse) -> None:
    for name in ("../x.webm", "/etc/passwd", "a/b.webm", ""):
        bad = {"duration": 1, "sides": {"kiosk": {"file": name, "bytes": 1}}}
        with pytest.raises(ValidationError):
            await house.ledger.recordings.recording_finished(RecordingId("r-1"), bad)


async def test_recordings_that_a_crash_left_are_closed_and_failures_kept(house: StoreHouse) -> None:
    await house.ledger.save_call(house.record("c-1"))
    order = await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now)
    book = house.ledger.recordings
    assert await book.close_left_open(house.now) == [order.recording]
    assert await book.close_left_open(house.now) == []
    await book.recording_failed(order.recording, "empty")
    assert await book.journals_to_finish() == []
    with pytest.raises(Refused):
        await book.recording_key(RecordingId("r-none"))


async def test_a_recording_goes_on_in_further_journals(house: StoreHouse) -> None:
    await house.ledger.save_call(house.record("c-1"))
    first = await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now)
    third = await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now, 3)
    assert third.recording == first.recording and third.key_hex == first.key_hex
    assert Path(third.path) == Path(first.path).with_name(f"{first.recording}-3.journal")
    book = house.ledger.recordings
    assert await book.journals(first.recording) == [Path(first.path)]
    Path(first.path).write_bytes(b"1")
    Path(third.path).write_bytes(b"3")
    assert await book.journals(first.recording) == [Path(first.path), Path(third.path)]
    assert await house.ledger.open_recording(CallId("c-1"), HEFEI, house.now) == first


async def test_calls_that_go_on_are_left_alone_by_a_restart(house: StoreHouse) -> None:
    for number in (1, 2):
        await house.ledger.save_call(house.record(f"c-{number}", ended_at=None, phase="talking", reason=None))
        await house.ledger.open_recording(CallId(f"c-{number}"), HEFEI, house.now)
    assert [record.call for record in await house.ledger.open_calls()] == ["c-1", "c-2"]
    kept = {CallId("c-2")}
    assert [r.call for r in await house.ledger.end_open_calls("server_restarted", house.now, kept)] == ["c-1"]
    assert len(await house.ledger.recordings.close_left_open(house.now, kept)) == 1
    assert [record.call for record in await house.ledger.open_calls()] == ["c-2"]
