"""Bearer tokens of single streams: what they open, until when, and a signature."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Literal

from vwindow.errors import Refused

PURPOSE = "stream-token"
"""What the signing key is derived for from the server's master key."""
MAX_MINUTES = 24 * 60
_PREFIX = "vws1"
_MAX_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class StreamLeave:
    """Leave to publish (whip) or play (whep) one source of one side of one room."""

    kind: Literal["whip", "whep"]
    room: str
    side: str
    source: str
    expires: int
    """Unix seconds."""


class SignedTokens:
    """Sign tokens with a key of 32 bytes and check them; whoever has the key can make them (HMAC-SHA256)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, leave: StreamLeave) -> str:
        """Return the token of a leave."""
        body = _encode(json.dumps(asdict(leave), separators=(",", ":")).encode())
        return f"{_PREFIX}.{body}.{_encode(self._mac(body))}"

    def check(self, token: str, kind: str, room: str, side: str, source: str | None, now: float) -> None:
        """Let a request pass; `source` is None when a stream is ended.

        Raises Refused: `token_wrong` (401), `token_expired` (401), `token_elsewhere` (403).
        """
        prefix, _, rest = token.partition(".")
        body, _, mac = rest.partition(".")
        if prefix != _PREFIX or len(token) > _MAX_CHARACTERS or not hmac.compare_digest(self._mac(body), _decode(mac)):
            raise Refused("token_wrong", status=401)
        leave = StreamLeave(**json.loads(_decode(body)))
        if now >= leave.expires:
            raise Refused("token_expired", status=401)
        if (leave.kind, leave.room, leave.side) != (kind, room, side) or source not in (None, leave.source):
            raise Refused("token_elsewhere", status=403)

    def _mac(self, body: str) -> bytes:
        return hmac.digest(self._key, f"{_PREFIX}.{body}".encode(), hashlib.sha256)


class OneToken:
    """One token for all rooms: only where nobody but this machine can ask."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def check(self, token: str, kind: str, room: str, side: str, source: str | None, now: float) -> None:
        """Let a request with the token pass; raises Refused("token_wrong")."""
        if not hmac.compare_digest(self._token, token.encode()):
            raise Refused("token_wrong", status=401)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
