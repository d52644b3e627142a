"""Binding requests and their answers (RFC 8489), as far as ICE-lite needs them."""

import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_REQUEST = 0x0001
_SUCCESS = 0x0101
_USERNAME, _INTEGRITY, _XOR_MAPPED, _USE_CANDIDATE, _FINGERPRINT = 0x0006, 0x0008, 0x0020, 0x0025, 0x8028
_FINGERPRINT_MASK = 0x5354554E
_MAX_BYTES = 1280


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A check as it came: `username` is "ours:theirs"; not yet authenticated."""

    transaction: bytes
    username: str
    use_candidate: bool
    covered: bytes
    """What MESSAGE-INTEGRITY covers, its length field already set."""
    integrity: bytes

    def authentic(self, password: bytes) -> bool:
        """Check MESSAGE-INTEGRITY with our own password (RFC 8489 §14.5)."""
        return hmac.compare_digest(self.integrity, hmac.digest(password, self.covered, "sha1"))


def parse_request(data: bytes) -> BindingRequest | None:
    """Read a Binding request with USERNAME and MESSAGE-INTEGRITY; None for everything else."""
    if not 20 <= len(data) <= _MAX_BYTES:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or cookie != COOKIE or length % 4 or 20 + length != len(data):
        return None
    username: str | None = None
    use_candidate = False
    covered = integrity = b""
    at = 20
    while at + 4 <= len(data):
        kind, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            return None
        if kind == _FINGERPRINT:
            if size != 4 or int.from_bytes(value, "big") != _fingerprint(data[:at]):
                return None
            break  # always the last
        if not integrity:  # what follows MESSAGE-INTEGRITY is not authenticated
            if kind == _USERNAME:
                try:
                    username = value.decode("ascii")
                except UnicodeDecodeError:
                    return None
            elif kind == _USE_CANDIDATE:
                use_candidate = True
            elif kind == _INTEGRITY:
                if size != 20:
                    return None
                covered, integrity = _sized(data[:at], 24), value
        at += 4 + size + -size % 4
    if username is None or not integrity:
        return None
    return BindingRequest(transaction, username, use_candidate, covered, integrity)


def success(request: BindingRequest, address: tuple[str, int], password: bytes) -> bytes:
    """Write the answer with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT."""
    body = _xor_mapped(address, request.transaction)
    out = _HEADER.pack(_SUCCESS, len(body), COOKIE, request.transaction) + body
    out += _ATTRIBUTE.pack(_INTEGRITY, 20) + hmac.digest(password, _sized(out, 24), "sha1")
    out = _sized(out, 8)
    return out + _ATTRIBUTE.pack(_FINGERPRINT, 4) + _fingerprint(out).to_bytes(4, "big")


def _sized(data: bytes, more: int) -> bytes:
    return data[:2] + (len(data) - 20 + more).to_bytes(2, "big") + data[4:]


def _fingerprint(data: bytes) -> int:
    return zlib.crc32(_sized(data, 8)) ^ _FINGERPRINT_MASK


def _xor_mapped(address: tuple[str, int], transaction: bytes) -> bytes:
    host = ipaddress.ip_address(address[0].partition("%")[0])
    if isinstance(host, ipaddress.IPv6Address) and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    packed = host.packed
    mask = COOKIE.to_bytes(4, "big") + transaction
    hidden = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
    family = 1 if len(packed) == 4 else 2
    value = struct.pack("!BBH", 0, family, address[1] ^ COOKIE >> 16) + hidden
    return _ATTRIBUTE.pack(_XOR_MAPPED, len(value)) + value
