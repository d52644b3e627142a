"""Recordings at the server's terminal: proved, and made into one file."""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vwindow.access import Viewer
from vwindow.books import Books
from vwindow.child_environment import child_environment
from vwindow.clock import SystemClock
from vwindow.config import ConfigError, Settings
from vwindow.errors import Refused
from vwindow.ids import CentreId, RecordingId, StaffId
from vwindow.recording.proof import Finding, prove
from vwindow.recording.suite import KEY_BYTES

_AT_THE_TERMINAL = Viewer(StaffId("command-line"), "admin", "all", CentreId(""), "")
_NAME = re.compile(r"r-[0-9a-f]{16}")
_KEY_FILE = "journal.key"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a recording is, what opens it, and the hash of its manifest as far as it is known."""

    place: Path
    key: bytes
    digest: str = ""


def verify(settings: Settings, target: str, key_file: Path | None) -> list[Finding]:
    """Prove a recording by its id, or a journal, sealed file or folder by its path.

    The key comes from `key_file`, from a `journal.key` beside a path, or from the server's books by the recording's id,
    which the path may hold. Raises ConfigError, VWindowError.
    """
    path = Path(target)
    kept = _of_path(settings, path, key_file) if path.exists() else asyncio.run(_of_books(settings, target))
    try:
        return prove(kept.place, kept.key, kept.digest)
    except OSError as error:
        raise Refused("recording_missing", f"{kept.place}: {error.strerror}") from error


def export(settings: Settings, recording: str, file: Path, main: str, inset: str) -> dict[str, Any]:
    """Make an MP4 of a recording in a process of low priority, and note it in the view log before.

    Raises Refused with the code of what went wrong.
    """
    kept = asyncio.run(_of_books(settings, recording, exported=True))
    arguments = [str(kept.place), str(file.absolute()), "--main", main, "--inset", inset]
    command = [sys.executable, "-m", "vwindow.recording.export", *arguments]
    done = subprocess.run(
        command, input=kept.key.hex(), stdout=subprocess.PIPE, text=True, check=False, env=child_environment()
    )
    lines = done.stdout.splitlines()
    result: dict[str, Any] = json.loads(lines[-1]) if lines else {"ok": False, "code": "export_failed"}
    if not result["ok"]:
        raise Refused(str(result["code"]), f"{recording} was not exported")
    return result


def _of_path(settings: Settings, path: Path, key_file: Path | None) -> Kept:
    folder = path if path.is_dir() else path.parent
    if key_file is None and (folder / _KEY_FILE).exists():
        key_file = folder / _KEY_FILE
    if key_file is not None:
        return Kept(path, _read_key(key_file))
    found = _NAME.search(path.absolute().name) or _NAME.search(path.absolute().parent.name)
    if found is None:
        raise ConfigError(f"{path}: its name is no recording's, say --key-file")
    kept = asyncio.run(_of_books(settings, found.group()))
    return Kept(path, kept.key, kept.digest)


async def _of_books(settings: Settings, name: str, *, exported: bool = False) -> Kept:
    recording = RecordingId(name)
    books = await Books.open(settings, SystemClock())
    try:
        recordings = books.ledger.recordings
        journals = await recordings.journals(recording)
        key, digest = await recordings.recording_key(recording), await recordings.digest(recording)
        if exported:
            await books.view_log.append(_AT_THE_TERMINAL, "recording_exported", recording, SystemClock().now())
        return Kept(journals[0].parent, key, digest)
    finally:
        await books.database.close()


def _read_key(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(f"--key-file {file}: it holds no key") from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"--key-file {file}: a key has {2 * KEY_BYTES} hex digits")
    return key
