"""Make the files of a recording: `python -m vwindow.recording.finisher JOURNAL [JOURNAL …] FOLDER [--delete-journal]`.

Several journals are the parts of one recording, each written by another media worker. Reads the data key from standard
input (64 hex digits) and writes one line of JSON to standard output:

    {"ok": true, "sides": {"kiosk": {"file", "duration", "bytes", "tracks": [{"kind", "source"}], "frames",
     "lost_frames"}, "staff": …, "kiosk.document": …}, "manifest": {"file", "bytes", "digest"}, "duration", "parts",
     "torn", "damaged", "unplayable": [source], "dropped_video", "dropped_audio"}
    {"ok": false, "code": "bad_key | journal_missing | journal_unreadable | wrong_key | verify_failed | remux_failed |
                            disk | busy"}

Exit code 0 or 1. A journal is deleted only on request, and only when all were undamaged and their files passed.
"""

import argparse
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from vwindow.errors import Unavailable, VWindowError
from vwindow.recording.disk import sync_folder
from vwindow.recording.manifest import MANIFEST, describe, file_digest, write_manifest
from vwindow.recording.remux import Made, remux
from vwindow.recording.suite import KEY_BYTES
from vwindow.recording.timeline import Timeline, lay_out
from vwindow.recording.verify import NotPlayable, verify

NICENESS = 15


def finish(journals: Sequence[Path], folder: Path, key: bytes, *, delete_journal: bool = False) -> dict[str, Any]:
    """Make, verify and name the files of a recording; return what the command prints.

    A final name appears only when all files passed, the manifest's last. Raises VWindowError, OSError.
    """
    line = lay_out(journals, key)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made, durations = _make(line, folder, key)
    aside = folder / f"{MANIFEST}.part"
    try:
        size = write_manifest(aside, describe(line, made, durations), key, line.suite)
        digest = file_digest(aside, line.suite)
        for file in made:
            file.part.rename(folder / file.plan.file_name)
        aside.rename(folder / MANIFEST)
    finally:
        for file in made:
            file.part.unlink(missing_ok=True)
        aside.unlink(missing_ok=True)
    sync_folder(folder)
    if delete_journal and not line.damaged:
        for journal in journals:
            journal.unlink()
    return {**_report(line, made, durations), "manifest": {"file": MANIFEST, "bytes": size, "digest": digest}}


def _make(line: Timeline, folder: Path, key: bytes) -> tuple[list[Made], dict[str, float]]:
    without: frozenset[str] = frozenset()
    while True:
        made = remux(line, folder, key, without)
        durations: dict[str, float] = {}
        try:
            for file in made:
                try:
                    durations[file.plan.name] = verify(file, key, line.duration)
                except NotPlayable as error:
                    if not error.pictures:
                        raise
                    without |= {file.plan.picture}
            if len(durations) == len(made):
                return made, durations
        except BaseException:
            _drop(made)
            raise
        _drop(made)


def _drop(made: list[Made]) -> None:
    for file in made:
        file.part.unlink(missing_ok=True)


def _report(line: Timeline, made: list[Made], durations: dict[str, float]) -> dict[str, Any]:
    played = {name for file in made for name in (file.plan.picture, file.plan.voice)}
    return {
        "ok": True,
        "sides": {
            file.plan.name: {
                "file": file.plan.file_name,
                "duration": round(durations[file.plan.name], 3),
                "bytes": file.bytes,
                "tracks": [{"kind": kind, "source": source} for kind, source in file.plan.tracks],
                "frames": file.frames,
                "lost_frames": file.lost_frames,
            }
            for file in made
        },
        "duration": round(line.duration, 3),
        "parts": len(line.parts),
        "torn": line.torn,
        "damaged": line.damaged,
        "unplayable": sorted(set(line.sources) - played),
        "dropped_video": sum(part.survey.dropped_video for part in line.parts),
        "dropped_audio": sum(part.survey.dropped_audio for part in line.parts),
    }


def _attempt(journals: list[Path], folder: Path, key_hex: str, delete_journal: bool) -> dict[str, Any]:
    try:
        key = bytes.fromhex(key_hex)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        return {"ok": False, "code": "bad_key"}
    there = [journal for journal in journals if journal.is_file()]
    if not there:
        return {"ok": False, "code": "journal_missing"}
    try:
        with _alone(folder):
            return finish(there, folder, key, delete_journal=delete_journal)
    except VWindowError as error:
        code, reason = error.code, str(error)
    except FFmpegError as error:  # some of its kinds are OSErrors as well
        code, reason = "remux_failed", str(error)
    except OSError as error:
        code, reason = "disk", error.strerror or "error"
    sys.stderr.write(f"{code}: {reason}\n")
    return {"ok": False, "code": code}


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep out another finisher, one that outlived its server; raises Unavailable("busy"), OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable("busy") from error
        yield
    finally:
        os.close(held)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="vwindow.recording.finisher")
    parser.add_argument("journals", type=Path, nargs="+", metavar="JOURNAL")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--delete-journal", action="store_true")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    result = _attempt(
        options.journals, options.folder, sys.stdin.read(2 * KEY_BYTES + 2).strip(), options.delete_journal
    )
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
