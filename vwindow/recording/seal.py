"""One data key per recording; one derived key per file and purpose."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
SALT_BYTES = 16
TAG_BYTES = 16
JOURNAL = b"vwindow recording journal 1"
PLAYABLE = b"vwindow recording playable 1"
HEADER_NONCE = b"\xff" * 12
"""Never reached by a counter, so a file header and its blocks never share a nonce."""


def cipher(key: bytes, salt: bytes, purpose: bytes) -> AESGCM:
    """Derive the AES-256-GCM cipher of one file (HKDF-SHA256, RFC 5869); ValueError unless `key` has 32 bytes.

    The salt is random per file: counters start at 0 in each, and a nonce must not repeat under one key.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a data key has {KEY_BYTES} bytes")
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=purpose).derive(key))


def nonce(counter: int) -> bytes:
    """Return the 12-byte nonce of block `counter`."""
    return counter.to_bytes(12, "big")
