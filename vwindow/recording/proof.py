"""What can be proved of a recording: whether its journals' chains, its seals and its files hold, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vwindow.errors import VWindowError
from vwindow.recording.block import JournalUnreadable
from vwindow.recording.manifest import MANIFEST, file_digest, read_manifest
from vwindow.recording.reader import JournalReader
from vwindow.recording.sealed import SealBroken, SealedReader
from vwindow.recording.suite import CIPHERS, HASHES, Suite


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `head` is the hash of a journal that could be read."""

    subject: str
    holds: bool
    words: str
    head: str = ""

    def __str__(self) -> str:
        return f"{'ok ' if self.holds else 'BAD'} {self.subject}: {self.words}"


def prove(path: Path, key: bytes, digest: str = "") -> list[Finding]:
    """Look at a journal, a sealed file, or the folder of a recording with all that is in it.

    `digest` is the hash of the manifest as it was kept elsewhere. Raises OSError.
    """
    if path.is_dir():
        return list(_folder(path, key, digest))
    if path.suffix == ".journal":
        return [prove_journal(path, key)]
    return [_sealed(path, key)]


def prove_journal(path: Path, key: bytes) -> Finding:
    """Read a journal to its end and say whether its chain and its end hold; raises OSError."""
    try:
        reader = JournalReader(path, key)
    except JournalUnreadable as error:
        words = "this key does not open it" if error.code == "wrong_key" else "this is no journal"
        return Finding(path.name, False, words)
    for _ in reader.blocks():
        pass
    if reader.header is None:
        return Finding(path.name, False, "it ends within its header: nothing was recorded")
    suite = reader.header.suite
    size = f"{reader.blocks_read} blocks, {suite.cipher}"
    head = reader.head.hex()
    if reader.damaged:
        return Finding(path.name, False, f"{size}; blocks were changed, moved or are missing", head)
    if not reader.chain_holds:
        return Finding(path.name, False, f"{size}; it has no chain (an older version wrote it)", head)
    proved = f"the {suite.hash} chain holds, head {head}"
    if reader.torn:
        words = f"{size}; {proved}; its end is missing: cut by a crash, still being written, or cut off"
        return Finding(path.name, False, words, head)
    return Finding(path.name, True, f"{size}; {proved}; the seal at its end holds", head)


def _folder(folder: Path, key: bytes, digest: str) -> Iterator[Finding]:
    journals = [prove_journal(path, key) for path in sorted(folder.glob("*.journal"))]
    yield from journals
    place = folder / MANIFEST
    sealed = {path.name: path for path in sorted(folder.glob("*.sealed"))}
    if not place.exists():
        if sealed or not journals:
            yield Finding(MANIFEST, False, "it is missing")
        return
    try:
        manifest = read_manifest(place, key)
        suite = _suite(manifest)
        yield _manifest(manifest, file_digest(place, suite), digest)
        named = {str(entry["file"]): str(entry["digest"]) for entry in manifest["files"]}
        heads = {str(part["journal"]): str(part["chain"]["head"]) for part in manifest["parts"]}
    except (VWindowError, KeyError, TypeError, ValueError):
        yield Finding(MANIFEST, False, "it was changed, cut off, or is not of this key")
        return
    for name, expected in named.items():
        yield _file(folder / name, key, suite, expected)
    for name in sorted(set(sealed) - set(named) - {MANIFEST}):
        yield Finding(name, False, "the manifest does not name it")
    for journal in journals:
        if journal.head and journal.head != heads.get(journal.subject):
            yield Finding(journal.subject, False, "it is not the journal that the manifest was made of")


def _manifest(manifest: dict[str, Any], found: str, kept: str) -> Finding:
    if kept and found != kept:
        return Finding(MANIFEST, False, "its seal holds, but it is not the one that was kept account of")
    parts = manifest["parts"]
    chains = all(part["chain"]["holds"] for part in parts)
    words = f"its seal holds; {manifest['duration']:.1f} s in {len(parts)} part(s), {len(manifest['pauses'])} pause(s)"
    words += "; the chains of all journals held" if chains else "; NOT all journals' chains held when it was made"
    words += "" if all(part["chain"]["ended"] for part in parts) else "; a crash cut a journal"
    words += f"; digest {found}" + (", as kept account of" if kept else "")
    return Finding(MANIFEST, chains, words)


def _file(path: Path, key: bytes, suite: Suite, expected: str) -> Finding:
    if not path.exists():
        return Finding(path.name, False, "it is missing")
    sealed = _sealed(path, key)
    if sealed.holds and file_digest(path, suite) != expected:
        return Finding(path.name, False, "its seal holds, but it is not the file that the manifest names")
    return Finding(path.name, True, f"{sealed.words}, its hash is the manifest's") if sealed.holds else sealed


def _sealed(path: Path, key: bytes) -> Finding:
    size = 0
    try:
        with SealedReader(path, key) as reader:
            for piece in reader.pieces(0, reader.size):
                size += len(piece)
    except SealBroken:
        return Finding(path.name, False, "it was changed, cut off, or is not of this key")
    return Finding(path.name, True, f"{size} bytes, its seal holds")


def _suite(manifest: dict[str, Any]) -> Suite:
    cipher, hash = manifest["cipher"], manifest["hash"]
    if cipher not in CIPHERS or hash not in HASHES:
        raise ValueError("an unknown suite")
    return Suite(cipher, hash)
