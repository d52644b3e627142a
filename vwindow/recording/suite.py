"""Which cipher and which hash a recording is kept with: the international pair, or the Chinese national one."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
"""Of a recording's data key, whatever the cipher: the key of a file is derived from it."""
TAG_BYTES = 16
DIGEST_BYTES = 32
"""SHA-256 and SM3 both."""

_PIECE_BYTES = 16 * 1024

CipherName = Literal["aes-256-gcm", "sm4-gcm"]
HashName = Literal["sha256", "sm3"]
CIPHERS: tuple[CipherName, ...] = ("aes-256-gcm", "sm4-gcm")
HASHES: tuple[HashName, ...] = ("sha256", "sm3")


class Aead(Protocol):
    """Seal and open with a 12-byte nonce; opening what was changed raises InvalidTag."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class Hash(Protocol):
    """Take in bytes of any length, piece by piece."""

    def update(self, data: bytes) -> None: ...

    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher and a hash; files name theirs in two bytes of their header."""

    cipher: CipherName = "aes-256-gcm"
    hash: HashName = "sha256"

    def pack(self) -> bytes:
        """Return the two bytes that name this suite."""
        return bytes((CIPHERS.index(self.cipher), HASHES.index(self.hash)))

    @classmethod
    def unpack(cls, data: bytes) -> Self | None:
        """Return the suite that two bytes name; None for one that is not known."""
        if len(data) != 2 or data[0] >= len(CIPHERS) or data[1] >= len(HASHES):
            return None
        return cls(CIPHERS[data[0]], HASHES[data[1]])

    def aead(self, key: bytes, salt: bytes, purpose: bytes) -> Aead:
        """Derive the cipher of one file (HKDF, RFC 5869); ValueError unless `key` has 32 bytes.

        The salt is random per file: counters start at 0 in each, and a nonce must not repeat under one key.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        size = 32 if self.cipher == "aes-256-gcm" else 16
        algorithm = hashes.SHA256() if self.hash == "sha256" else hashes.SM3()
        derived = HKDF(algorithm=algorithm, length=size, salt=salt, info=purpose).derive(key)
        return AESGCM(derived) if self.cipher == "aes-256-gcm" else Sm4Gcm(derived)

    def hasher(self) -> Hash:
        """Return a new hash of this suite."""
        return hashlib.sha256() if self.hash == "sha256" else Sm3()

    def digest(self, *parts: bytes) -> bytes:
        """Return the hash of all parts, one after the other."""
        hasher = self.hasher()
        for part in parts:
            hasher.update(part)
        return hasher.digest()


DEFAULT = Suite()


class Sm4Gcm:
    """SM4 in Galois/counter mode (GB/T 32907-2016, RFC 8998 §3.1), tag of 16 bytes behind the text."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Return text and tag."""
        seal = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        seal.authenticate_additional_data(associated_data or b"")
        return b"".join(seal.update(piece) for piece in _pieces(data)) + seal.finalize() + seal.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Return the plain text; InvalidTag when it was changed, ValueError when it is shorter than a tag."""
        text, tag = data[:-TAG_BYTES], data[-TAG_BYTES:]
        seal = Cipher(self._algorithm, modes.GCM(nonce, tag)).decryptor()
        seal.authenticate_additional_data(associated_data or b"")
        return b"".join(seal.update(piece) for piece in _pieces(text)) + seal.finalize()


class Sm3:
    """The hash SM3 (GB/T 32905-2016)."""

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes) -> None:
        """Take in more."""
        for piece in _pieces(data):
            self._hash.update(piece)

    def digest(self) -> bytes:
        """Return the 32 bytes of the hash so far."""
        return self._hash.copy().finalize()


def _pieces(data: bytes) -> Iterator[bytes]:
    # Unlike AES-GCM and SHA-256 these hold the interpreter lock: a block at once would keep packets waiting for 3 ms.
    for at in range(0, len(data), _PIECE_BYTES):
        if at:
            time.sleep(0)
        yield data[at : at + _PIECE_BYTES]
