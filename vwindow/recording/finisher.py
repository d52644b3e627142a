"""Make the playable files of a journal: `python -m vwindow.recording.finisher JOURNAL FOLDER [--delete-journal]`.

Reads the data key from standard input (64 hex digits) and writes one line of JSON to standard output:

    {"ok": true, "sides": {"kiosk": {"file", "duration", "bytes", "tracks": [{"kind", "source"}], "frames",
     "lost_frames"}, …}, "duration", "torn", "damaged", "unplayable": [source], "dropped_video", "dropped_audio"}
    {"ok": false, "code": "bad_key | journal_missing | journal_unreadable | wrong_key | verify_failed | remux_failed |
                            disk"}

Exit code 0 or 1. A journal is deleted only on request, and only when it was undamaged and its files passed.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from vwindow.errors import VWindowError
from vwindow.recording.disk import sync_folder
from vwindow.recording.reader import JournalReader
from vwindow.recording.remux import SIDES, Made, file_name, remux
from vwindow.recording.suite import KEY_BYTES
from vwindow.recording.survey import Survey, survey
from vwindow.recording.verify import NotPlayable, verify

NICENESS = 15


def finish(journal: Path, folder: Path, key: bytes, *, delete_journal: bool = False) -> dict[str, Any]:
    """Make, verify and name the files of a journal; return what the command prints.

    A side's final name appears only when all files passed. Raises VWindowError, OSError.
    """
    reader = JournalReader(journal, key)
    found = survey(reader)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made, durations = _make(reader, found, folder, key)
    sync_folder(folder)
    if delete_journal and not found.damaged:
        journal.unlink()
    return _report(found, made, durations)


def _make(reader: JournalReader, found: Survey, folder: Path, key: bytes) -> tuple[dict[str, Made], dict[str, float]]:
    without: frozenset[str] = frozenset()
    while True:
        made = remux(reader, found, folder, key, without)
        durations: dict[str, float] = {}
        try:
            for name, file in made.items():
                try:
                    durations[name] = verify(file, key, found.duration)
                except NotPlayable as error:
                    if not error.pictures:
                        raise
                    without |= {SIDES[name][0]}
            if len(durations) == len(made):
                for name, file in made.items():
                    file.part.rename(folder / file_name(name))
                return made, durations
        finally:
            for file in made.values():
                file.part.unlink(missing_ok=True)


def _report(found: Survey, made: dict[str, Made], durations: dict[str, float]) -> dict[str, Any]:
    played = {source for file in made.values() for _, source in file.tracks}
    wanted = {source for pair in SIDES.values() for source in pair}
    return {
        "ok": True,
        "sides": {
            name: {
                "file": file_name(name),
                "duration": round(durations[name], 3),
                "bytes": file.bytes,
                "tracks": [{"kind": kind, "source": source} for kind, source in file.tracks],
                "frames": file.frames,
                "lost_frames": file.lost_frames,
            }
            for name, file in made.items()
        },
        "duration": round(found.duration, 3),
        "torn": found.torn,
        "damaged": found.damaged,
        "unplayable": sorted((found.faces | found.voices) & wanted - played),
        "dropped_video": found.dropped_video,
        "dropped_audio": found.dropped_audio,
    }


def _attempt(journal: Path, folder: Path, key_hex: str, delete_journal: bool) -> dict[str, Any]:
    try:
        key = bytes.fromhex(key_hex)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        return {"ok": False, "code": "bad_key"}
    if not journal.is_file():
        return {"ok": False, "code": "journal_missing"}
    try:
        return finish(journal, folder, key, delete_journal=delete_journal)
    except VWindowError as error:
        code, reason = error.code, str(error)
    except FFmpegError as error:  # some of its kinds are OSErrors as well
        code, reason = "remux_failed", str(error)
    except OSError as error:
        code, reason = "disk", error.strerror or "error"
    sys.stderr.write(f"{code}: {reason}\n")
    return {"ok": False, "code": code}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="vwindow.recording.finisher")
    parser.add_argument("journal", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--delete-journal", action="store_true")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    result = _attempt(
        options.journal, options.folder, sys.stdin.read(2 * KEY_BYTES + 2).strip(), options.delete_journal
    )
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
