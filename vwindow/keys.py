"""The keys of the server: one master key in a file of its owner, everything else derived from it or wrapped by it."""

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vwindow.errors import Broken

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = 1
_FILE = re.compile(r"^master-([1-9][0-9]{0,2})\.key$")


class KeyRing:
    """Seal, wrap and hash under keys that are derived from the newest master key (HKDF, RFC 5869).

    A sealed value is: format byte, number of the master key, 12-byte nonce, AES-256-GCM ciphertext with tag.
    Older masters stay readable, so a new `master-<n>.key` is all that a change of keys needs.
    """

    def __init__(self, masters: dict[int, bytes]) -> None:
        if not masters or any(len(key) != KEY_BYTES or not 0 < n < 256 for n, key in masters.items()):
            raise Broken("master_key_broken", "a master key has the wrong length or number")
        self._masters = dict(masters)
        self._newest = max(masters)
        self._first = min(masters)

    @classmethod
    def open(cls, directory: Path, *, create: bool = True) -> "KeyRing":
        """Read the master keys of a directory; create the first one (0600) when there is none.

        Say `create=False` where sealed data exists already: a new key would not open it.
        Raises Broken("keys_missing"), Broken("keys_readable_by_others") when others could read a key.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        masters: dict[int, bytes] = {}
        for path in sorted(directory.iterdir()):
            if match := _FILE.match(path.name):
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    raise Broken("keys_readable_by_others", f"{path} must have mode 0600")
                masters[int(match.group(1))] = path.read_bytes()
        if not masters and not create:
            raise Broken("keys_missing", f"no master key in {directory}: put the saved keys back")
        if not masters:
            masters[1] = secrets.token_bytes(KEY_BYTES)
            _write_new(directory / "master-1.key", masters[1])
        return cls(masters)

    @classmethod
    def read(cls, text: str) -> "KeyRing":
        """Read master keys from a setting: 64 hex digits, or `number:digits` with commas between.

        Raises Broken("master_key_broken").
        """
        masters: dict[int, bytes] = {}
        try:
            for entry in text.split(","):
                number, colon, digits = entry.strip().rpartition(":")
                masters[int(number) if colon else 1] = bytes.fromhex(digits)
        except ValueError:
            raise Broken("master_key_broken", "the master key in the settings is not of the form number:hex") from None
        return cls(masters)

    def derive(self, purpose: str, *, master: int | None = None) -> bytes:
        """Return the 32-byte subkey for a purpose."""
        key = self._masters.get(self._newest if master is None else master)
        if key is None:
            raise Broken("master_key_missing", f"master key {master} is not in the key directory")
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"vwindow:{purpose}".encode()).derive(key)

    def seal(self, table: str, column: str, row: str, text: str) -> bytes:
        """Seal a column's text, bound to its place: a value copied to another row does not open."""
        return self._encrypt("column", f"{table}.{column}.{row}", text.encode())

    def unseal(self, table: str, column: str, row: str, sealed: bytes) -> str:
        """Open a sealed column; raise Broken("seal_broken")."""
        return self._decrypt("column", f"{table}.{column}.{row}", sealed).decode()

    def wrap(self, recording: str, key: bytes) -> bytes:
        """Wrap the data key of a recording."""
        return self._encrypt("recording", recording, key)

    def unwrap(self, recording: str, wrapped: bytes) -> bytes:
        """Return the data key of a recording; raise Broken("seal_broken")."""
        return self._decrypt("recording", recording, wrapped)

    def digest(self, purpose: str, data: bytes) -> str:
        """Return a keyed hash in hex, for looking up secrets (tokens, codes) that are not stored themselves."""
        return hmac.new(self.derive(f"digest:{purpose}", master=self._first), data, hashlib.sha256).hexdigest()

    def chain(self, previous: bytes, message: bytes) -> bytes:
        """Return the 32-byte link of a hash chain; always under the first master, or old chains would break."""
        key = self.derive("chain", master=self._first)
        return hmac.new(key, len(previous).to_bytes(4) + previous + message, hashlib.sha256).digest()

    def _encrypt(self, purpose: str, place: str, data: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.derive(purpose)).encrypt(nonce, data, place.encode())
        return bytes((_FORMAT, self._newest)) + nonce + sealed

    def _decrypt(self, purpose: str, place: str, sealed: bytes) -> bytes:
        if len(sealed) < 2 + _NONCE_BYTES + 16 or sealed[0] != _FORMAT:
            raise Broken("seal_broken", f"sealed value at {place} has an unknown form")
        nonce, body = sealed[2 : 2 + _NONCE_BYTES], sealed[2 + _NONCE_BYTES :]
        try:
            return AESGCM(self.derive(purpose, master=sealed[1])).decrypt(nonce, body, place.encode())
        except InvalidTag as error:
            raise Broken("seal_broken", f"sealed value at {place} does not open") from error


def _write_new(path: Path, key: bytes) -> None:
    # Written aside and linked, so that a crash never leaves half a key under the final name.
    aside = path.with_suffix(f".{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, key)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(aside, path)
    finally:
        aside.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
