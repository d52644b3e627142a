"""Playing a recording: ranges, rights, the view log."""

import json

import aiohttp
import pytest

from tests.fakes.store_house import HEFEI, SONGJIANG
from tests.fakes.web_house import WebHouse
from vwindow.ids import CallId

CONTENT = bytes(range(256)) * 4000


async def recorded(house: WebHouse) -> str:
    """Make a call with a ready recording; return the path of its media."""
    store = house.store
    await store.ledger.save_call(store.record("c-1"))
    order = await store.ledger.open_recording(CallId("c-1"), HEFEI, store.now)
    await store.ledger.close_recording(order.recording, store.now)
    book = store.ledger.recordings
    folder = (await book.journals(order.recording))[0].parent
    tracks = [{"kind": "audio", "source": "kiosk.microphone"}]
    (folder / "kiosk.webm.sealed").write_bytes(CONTENT)
    side = {"file": "kiosk.webm.sealed", "bytes": len(CONTENT), "tracks": tracks}
    await book.recording_finished(order.recording, {"ok": True, "duration": 60.0, "sides": {"kiosk": side}})
    return f"/api/recordings/{order.recording}"


async def test_the_owner_plays_it_and_one_view_is_logged(house: WebHouse) -> None:
    path = await recorded(house)
    await house.sign_in("hefei.staff")
    facts = (await house.ask(path)).json
    assert (facts["state"], facts["duration"], facts["sides"]) == ("ready", 60.0, ["kiosk"])
    assert facts["tracks"] == [{"kind": "audio", "source": "kiosk.microphone"}]
    whole = await house.ask(f"{path}/media?side=kiosk")
    assert (whole.status, whole.body) == (200, CONTENT)
    assert whole.headers["Content-Type"] == "video/webm"
    assert whole.headers["Cache-Control"] == "no-store"
    for _ in range(3):
        await house.ask(f"{path}/media?side=kiosk", Range="bytes=0-9")
    assert await house.store.view_log.head() == 1
    house.store.clock.advance(601)
    await house.ask(f"{path}/media?side=kiosk", Range="bytes=5-9")
    entries = await house.store.view_log.entries()
    assert [(entry.kind, entry.detail) for entry in entries] == [("recording_viewed", "kiosk")] * 2
    assert all(media.closed for media in house.opened)


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=300000-900000", 300000, 900001),
     ("bytes=1000-99999999", 1000, None), ("bytes=-99999999", 0, None)],
)  # fmt: skip
async def test_ranges(house: WebHouse, header: str, start: int, end: int | None) -> None:
    path = await recorded(house)
    await house.sign_in("hefei.staff")
    answer = await house.ask(f"{path}/media?side=kiosk", Range=header)
    expected = CONTENT[start:end]
    first = start % len(CONTENT)
    assert (answer.status, answer.body) == (206, expected)
    last = first + len(expected) - 1
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


async def test_ranges_outside_and_odd_ones(house: WebHouse) -> None:
    path = f"{await recorded(house)}/media?side=kiosk"
    await house.sign_in("hefei.staff")
    for header in (f"bytes={len(CONTENT)}-", "bytes=-0"):
        answer = await house.ask(path, Range=header)
        assert (answer.status, answer.code) == (416, "bad_range")
        assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    for header in ("bytes=5-2", "bytes=1-2,4-5", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert (await house.ask(path, Range=header)).status == 200, header
    tag = (await house.ask(path, method="HEAD")).headers["ETag"]
    assert (await house.ask(path, Range="bytes=0-1", If_Range=tag)).status == 206
    assert (await house.ask(path, Range="bytes=0-1", If_Range='"other"')).status == 200
    assert (await house.ask(f"{path}&side=x")).status == 200
    assert (await house.ask(path.replace("kiosk", "both"))).code == "bad_query"


async def test_a_player_is_told_what_was_not_kept_and_does_without(house: WebHouse) -> None:
    path = await recorded(house)
    await house.sign_in("hefei.staff")
    facts = (await house.ask(path)).json
    assert facts["files"] == [{"file": "kiosk", "tracks": facts["tracks"]}]
    assert (facts["parts"], facts["pauses"], facts["gaps"]) == ([], [], []), "there is no manifest"
    pause = {"from": 2.0, "to": 4.5}
    gap = {"source": "kiosk.face", **pause, "why": "pause"}
    manifest = {"format": 1, "parts": [{"part": 1, "from": 0, "to": 60}], "pauses": [pause], "gaps": [gap] * 300}
    (file,) = house.store.folder.rglob("kiosk.webm.sealed")
    file.with_name("manifest.json.sealed").write_text(json.dumps(manifest))
    facts = (await house.ask(path)).json
    assert facts["parts"] == [{"from": 0, "to": 60}] and facts["pauses"] == [pause]
    assert facts["gaps"] == [gap] * 200
    file.with_name("manifest.json.sealed").write_text("{")
    assert (await house.ask(path)).json["pauses"] == []
    assert all(media.closed for media in house.opened)
    assert await house.store.view_log.head() == 0, "nothing was seen or heard"


async def test_others_do_not_learn_that_it_exists(house: WebHouse) -> None:
    path = await recorded(house)
    store = house.store
    assert (await house.ask(f"{path}/media?side=kiosk")).status == 401
    await store.person("sj.boss", SONGJIANG, "supervisor", "city")
    await store.person("eval", HEFEI, "evaluator", "all")
    await store.person("admin", HEFEI, "admin", "all")
    for account in ("sj.boss", "eval", "admin"):
        await house.sign_in(account)
        for target in (path, f"{path}/media?side=kiosk", "/api/recordings/r-none"):
            answer = await house.ask(target)
            assert (answer.status, answer.code) == (404, "unknown_recording"), (account, target)
    assert house.opened == []
    assert await store.view_log.head() == 0


async def test_files_that_are_gone_or_broken(house: WebHouse) -> None:
    path = f"{await recorded(house)}/media?side=kiosk"
    await house.sign_in("hefei.staff")
    assert (await house.ask(path.replace("side=kiosk", "side=staff"))).code == "recording_not_ready"
    house.broken_at = 0
    assert (await house.ask(path)).status == 500
    house.broken_at = 300_000
    with pytest.raises(aiohttp.ClientPayloadError):
        await house.ask(path)
    for file in house.store.folder.rglob("*.sealed"):
        file.unlink()
    answer = await house.ask(path)
    assert (answer.status, answer.code) == (503, "recording_missing")


async def test_past_calls_and_call_backs(house: WebHouse) -> None:
    await recorded(house)
    store = house.store
    await store.ledger.save_rating(CallId("c-1"), 2, store.now)
    await store.ledger.save_callback(CallId("c-1"), "张三丰", "13900001234", store.now)
    assert (await house.ask("/api/calls")).status == 401
    await house.sign_in("hefei.staff")
    (call,) = (await house.ask("/api/calls?limit=5")).json
    assert (call["note"], call["rating"], call["staff_name"]) == ("the note", None, "王hefei.staff")
    assert call["recording"]["state"] == "ready"
    ends = ("before=0001-01-01T00:00:00%2B14:00", "before=9999-12-31T23:59:59-14:00")
    for query in ("limit=0", "limit=x", "limit=999", "before=c-1", "before=2026-03-02", *ends):
        assert (await house.ask(f"/api/calls?{query}")).code == "bad_query", query
    assert (await house.ask(f"/api/calls?before={call['asked_at']}")).json == []
    (row,) = (await house.ask("/api/callbacks")).json
    assert (row["name"], row["phone"]) == ("张**", "*******1234")
    shown = (await house.ask("/api/callbacks/c-1/reveal", {})).json
    assert (shown["name"], shown["phone"]) == ("张三丰", "13900001234")
    assert (await store.view_log.entries())[0].kind == "callback_revealed"


async def test_who_reads_notes_of_others_is_logged_once_in_a_while(house: WebHouse) -> None:
    store = house.store
    for call in ("c-1", "c-2"):
        await store.ledger.save_call(store.record(call))
    await store.ledger.save_call(store.record("c-3", note=""))
    await house.sign_in("hefei.staff")
    assert len((await house.ask("/api/calls")).json) == 3
    assert await store.view_log.head() == 0, "of one's own notes there is nothing to tell"
    await store.person("boss", HEFEI, "supervisor", "city")
    await house.sign_in("boss")
    for _ in range(3):
        assert {call["note"] for call in (await house.ask("/api/calls")).json} == {"the note", ""}
    entries = await store.view_log.entries()
    assert [(entry.kind, entry.staff) for entry in entries] == [("note_read", store.staff["boss"])] * 2
    assert {entry.subject for entry in entries} == {"c-1", "c-2"}
    await store.ledger.save_call(store.record("c-4"))
    await house.ask("/api/calls")
    assert (await store.view_log.entries())[0].subject == "c-4"
    store.clock.advance(601)
    await house.ask("/api/calls")
    assert await store.view_log.head() == 6
    assert await store.view_log.verify() is None
