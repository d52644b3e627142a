"""A worker that is killed while it records, and the command that makes files of what it left."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.encoded import encode_pictures, encode_voice, opus_packets
from tests.unit.recording.conftest import Take

WORKER = """
import asyncio, sys, time
from dataclasses import replace
from tests.fakes.encoded import encode_pictures, encode_voice, opus_packets, vp8_packets
from tests.unit.recording.conftest import OPUS, VP8
from vwindow.recording.journal import JournalRecorder

async def main():
    pictures, voice = encode_pictures(30.0, size=(96, 64)), encode_voice(30.0)
    recording = JournalRecorder().open(sys.argv[1], bytes.fromhex(sys.argv[2]), time.time())
    start = time.monotonic()
    packets = sorted(
        [(p.arrival, s, p) for s, list_ in (
            (recording.sink("kiosk.face", VP8), vp8_packets(pictures, origin=start, delay=0.0)),
            (recording.sink("kiosk.microphone", OPUS), opus_packets(voice, origin=start, delay=0.0)),
        ) for p in list_],
        key=lambda entry: entry[0],
    )
    print("started", flush=True)
    for arrival, sink, packet in packets:
        await asyncio.sleep(max(0.0, arrival - time.monotonic()))
        sink.write(packet)

asyncio.run(main())
"""


def run_finisher(journal: Path, folder: Path, key: str, *more: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "vwindow.recording.finisher", str(journal), str(folder), *more]
    done = subprocess.run(command, input=key, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stderr
    return done.returncode, json.loads(lines[0])


def test_killed_while_writing(take: Take) -> None:
    command = [sys.executable, "-c", WORKER, str(take.journal), take.key.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}) as worker:
        assert worker.stdout is not None and worker.stdout.readline() == b"started\n"
        began = time.monotonic()
        # The first sync comes after a second: wait for what it leaves, then let some more time go by.
        size = 0
        while time.monotonic() - began < 4.3:
            time.sleep(0.1)
            size = take.journal.stat().st_size
        lived = time.monotonic() - began
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert size > 0
    code, report = run_finisher(take.journal, take.out, take.key.hex())
    assert code == 0 and report["ok"] and report["torn"] and not report["damaged"]
    assert lived - 1.6 < report["duration"] < lived + 0.5
    kiosk = report["sides"]["kiosk"]
    assert kiosk["duration"] == pytest.approx(report["duration"], abs=0.5)
    pictures = take.pictures("kiosk")
    assert len(pictures) == kiosk["frames"] and pictures[-1][0] > lived - 1.8
    loud = take.loudness("kiosk")
    assert (loud[5 : int((lived - 1.8) * 50)] > 0.1).mean() > 0.98
    # A second crash, within the journal's tail.
    data = take.journal.read_bytes()
    take.journal.write_bytes(data[:-7])
    code, report = run_finisher(take.journal, take.out, take.key.hex())
    assert code == 0 and report["torn"]


async def test_command(take: Take, tmp_path: Path) -> None:
    await take.record({"staff.microphone": opus_packets(encode_voice(2.0), origin=take.origin)}, 2.0)
    key, empty = take.key.hex(), tmp_path / "empty"
    assert run_finisher(take.journal, take.out, "00" * 32) == (1, {"ok": False, "code": "wrong_key"})
    assert run_finisher(take.journal, take.out, "00") == (1, {"ok": False, "code": "bad_key"})
    assert run_finisher(take.journal, take.out, "zz" * 32) == (1, {"ok": False, "code": "bad_key"})
    assert run_finisher(empty, take.out, key) == (1, {"ok": False, "code": "journal_missing"})
    empty.write_bytes(b"VW")
    code, report = run_finisher(empty, tmp_path / "none", key)
    assert code == 0 and report["torn"] and report["sides"] == {} and report["duration"] == 0.0
    empty.write_bytes(b"V" * 1000)
    assert run_finisher(empty, take.out, key) == (1, {"ok": False, "code": "journal_unreadable"})
    assert run_finisher(take.journal, empty / "x", key) == (1, {"ok": False, "code": "disk"})
    damaged = bytearray(take.journal.read_bytes())
    damaged[200] ^= 1
    broken = tmp_path / "broken"
    broken.write_bytes(damaged)
    code, report = run_finisher(broken, tmp_path / "b", key, "--delete-journal")
    assert code == 0 and report["damaged"] and broken.exists()
    code, report = run_finisher(take.journal, take.out, key + "\n", "--delete-journal")
    assert code == 0 and not take.journal.exists()
    assert report["sides"]["staff"]["tracks"] == [{"kind": "audio", "source": "staff.microphone"}]
    assert sorted(p.name for p in take.out.iterdir()) == ["manifest.json.sealed", "staff.webm.sealed"]


def test_two_finishers_of_one_recording_keep_apart(take: Take) -> None:
    take.journal.parent.mkdir(parents=True, exist_ok=True)
    take.journal.write_bytes(b"VW")
    take.out.mkdir(exist_ok=True)
    held = os.open(take.out, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run_finisher(take.journal, take.out, "00" * 32) == (1, {"ok": False, "code": "busy"})
    finally:
        os.close(held)


def test_pictures_are_real() -> None:
    """The tests rest on it: frames of several packets, keyframes where they were asked for."""
    pictures = encode_pictures(2.0, size=(320, 240))
    assert len(pictures) == 30 and pictures[0].keyframe and pictures[15].keyframe
    assert max(len(p.data) for p in pictures) > 1100
