"""Rates, logs, tasks, enrolment files and the address watch. Needs nothing."""

import asyncio
import json
import logging
import sys
from pathlib import Path

import pytest

from kiosk_agent import enrolment, logs
from kiosk_agent.addresses import AddressWatch
from kiosk_agent.catalogue import FILE, Catalogue
from kiosk_agent.enrolment import Enrolment, EnrolmentError
from kiosk_agent.rate import Bucket
from kiosk_agent.server_http import PinError, check_pin, error_of
from kiosk_agent.tasks import TaskSet

ENROLLED = Enrolment("https://s", "kiosk-1", "c", "w", "hefei", "ab" * 32, "kiosk-1.key")


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = Bucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5), bucket.take(100), bucket.take(99)] == [True, False, True, True]


def test_json_logs_are_one_object_a_line() -> None:
    record = logging.LogRecord("kiosk_agent.x", logging.WARNING, "", 0, "down: %s", ("关",), None)
    record.call = "call-1"
    try:
        raise ValueError("broken")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = logs.JsonFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line and told["message"] == "down: 关" and told["call"] == "call-1"
    assert told["level"] == "warning" and "ValueError: broken" in told["error"]


def test_an_enrolment_survives_and_a_broken_one_is_said(tmp_path: Path) -> None:
    assert enrolment.load(tmp_path) is None
    enrolment.save(tmp_path, ENROLLED)
    assert enrolment.load(tmp_path) == ENROLLED
    (tmp_path / enrolment.STATE_FILE).write_text('{"server": 1')
    with pytest.raises(EnrolmentError, match="enrol this kiosk again"):
        enrolment.load(tmp_path)
    with pytest.raises(EnrolmentError, match="enrol this kiosk again"):
        enrolment.load_key(tmp_path, "none.key")


def test_a_key_that_others_may_read_is_closed_again(tmp_path: Path) -> None:
    key, name = enrolment.new_key(tmp_path)
    (tmp_path / name).chmod(0o644)
    assert enrolment.load_key(tmp_path, name).private_bytes_raw() == key.private_bytes_raw()
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolment.save(tmp_path, ENROLLED)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        enrolment.save(tmp_path, Enrolment("http://other", "k", "c", "w", "wuhu", "plain", "x.key"))
    assert enrolment.load(tmp_path) == ENROLLED
    assert [path.name for path in tmp_path.iterdir()] == [enrolment.STATE_FILE]


@pytest.mark.parametrize(
    ("server", "pin", "says"),
    [
        ("ftp://s", "plain", "not the address"),
        ("window.example", "plain", "not the address"),
        ("https://s", "12ab", "neither a certificate fingerprint"),
        ("http://s", "ab" * 32, "https://"),
    ],
)
def test_a_pin_must_fit_its_server(server: str, pin: str, says: str) -> None:
    with pytest.raises(PinError, match=says):
        check_pin(server, pin)


def test_a_fingerprint_may_have_colons() -> None:
    assert check_pin("https://s", ":".join(["AB"] * 32)) == "ab" * 32


@pytest.mark.parametrize(
    ("content", "code"),
    [(b'{"error": {"code": "locked_out"}}', "locked_out"), (b"<html>", "bad_answer"), (b"[]", "bad_answer"),
     (b'{"error": {"code": "<script>"}}', "bad_answer"), (b'{"error": null}', "bad_answer")],
)  # fmt: skip
def test_error_codes_are_read_and_nothing_else(content: bytes, code: str) -> None:
    assert error_of(400, content).code == code


@pytest.mark.parametrize("content", [b"", b"etag\n", b"etag\n{}", b"etag\n[1]", b"\xff\n{"])
def test_a_broken_catalogue_on_disk_is_not_used(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert Catalogue(tmp_path).bundle is None


async def test_tasks_end_with_their_set_even_when_one_swallows_a_cancellation() -> None:
    tasks = TaskSet("test", limit=2, patience=0.01)
    started = asyncio.Event()

    async def stubborn() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    tasks.start(stubborn(), "stubborn")
    tasks.start(asyncio.Event().wait(), "patient")
    with pytest.raises(RuntimeError, match="full"):
        tasks.start(stubborn(), "one too many")
    await started.wait()
    await tasks.close()
    assert len(tasks) == 0
    with pytest.raises(RuntimeError, match="closed"):
        tasks.start(stubborn(), "late")


async def test_a_burst_of_address_changes_is_told_once() -> None:
    told: list[int] = []
    done = asyncio.Event()
    watch = AddressWatch(lambda: (told.append(1), done.set())[1], settle=0.01)
    watch.start()
    for _ in range(5):
        watch.heard()
    await asyncio.wait_for(done.wait(), 5)
    assert told == [1]
    watch.heard()
    watch.close()
    watch.close()
