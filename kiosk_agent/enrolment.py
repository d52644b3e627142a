"""Who this kiosk is: its key and the one file that says where it belongs. Enrolling writes both."""

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

STATE_FILE = "kiosk.json"


class EnrolmentError(Exception):
    """Say why this kiosk has no valid enrolment; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the server told this kiosk, and how the server is recognised.

    `pin` is the SHA-256 of the server's certificate in hex, or "plain" when the server itself has none.
    """

    server: str
    kiosk: str
    centre: str
    window: str
    city: str
    pin: str
    key_file: str


def load(data_dir: Path) -> Enrolment | None:
    """Read the enrolment, None when there is none; raises EnrolmentError when it cannot be read."""
    path = data_dir / STATE_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Enrolment(**{name: str(content[name]) for name in Enrolment.__slots__})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnrolmentError("state_unreadable", f"{path}: {error}; enrol this kiosk again") from error


def save(data_dir: Path, enrolment: Enrolment) -> None:
    """Put the enrolment in place in one step, then forget older keys."""
    private_write(data_dir / STATE_FILE, json.dumps(asdict(enrolment), indent=1).encode())
    for old in data_dir.glob("kiosk-*.key"):
        if old.name != enrolment.key_file:
            old.unlink()


def new_key(data_dir: Path) -> tuple[Ed25519PrivateKey, str]:
    """Make a key and write it to a file of its own that only this user can read; return its name too."""
    key = Ed25519PrivateKey.generate()
    name = f"kiosk-{hashlib.sha256(public_bytes(key)).hexdigest()[:12]}.key"
    private_write(data_dir / name, key.private_bytes_raw().hex().encode())
    return key, name


def load_key(data_dir: Path, name: str) -> Ed25519PrivateKey:
    """Read the key; raises EnrolmentError."""
    path = data_dir / Path(name).name
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise EnrolmentError("key_unreadable", f"{path}: {error}; enrol this kiosk again") from error


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key (RFC 8032)."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private_write(path: Path, content: bytes) -> None:
    """Replace a file in one step; mode 0600; its directory is made with 0700."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
