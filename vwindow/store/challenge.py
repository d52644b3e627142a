"""Challenges of the kiosk link: single use, short-lived, and no memory for those that are never answered."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from datetime import datetime

from vwindow.errors import Refused, Unavailable

LIFETIME = 60
"""Seconds."""
_USED_LIMIT = 20_000


class Challenges:
    """Give and take nonces of 32 bytes in hex: 4 bytes expiry, 12 random, 16 of a MAC over both and the kiosk.

    Giving one keeps nothing, so a flood of questions cannot push out an honest one. Only nonces that were answered
    with a good signature are remembered until they expire; when `limit` of them are, further links are refused
    for a while. The key lives as long as the process: nonces from before a restart are worth nothing.
    """

    def __init__(self, *, limit: int = _USED_LIMIT) -> None:
        self._key = secrets.token_bytes(32)
        self._limit = limit
        self._used: OrderedDict[str, int] = OrderedDict()

    def give(self, kiosk: str, now: datetime) -> str:
        """Return a new nonce for a kiosk."""
        body = (int(now.timestamp()) + LIFETIME).to_bytes(4) + secrets.token_bytes(12)
        return (body + self._mac(kiosk, body)).hex()

    def check(self, kiosk: str, nonce: str, now: datetime) -> bytes:
        """Return the bytes of a nonce that is ours, fresh and unused; raise Refused("bad_nonce")."""
        try:
            data = bytes.fromhex(nonce)
        except ValueError as error:
            raise Refused("bad_nonce", status=401) from error
        body, mac = data[:16], data[16:]
        fresh = now.timestamp() < int.from_bytes(body[:4]) <= now.timestamp() + LIFETIME + 1
        if not hmac.compare_digest(mac, self._mac(kiosk, body)) or not fresh or data.hex() in self._used:
            raise Refused("bad_nonce", status=401)
        return data

    def use(self, nonce: bytes, now: datetime) -> None:
        """Spend a checked nonce; raise Refused("bad_nonce") when it was spent meanwhile."""
        while self._used and next(iter(self._used.values())) <= now.timestamp():
            self._used.popitem(last=False)
        if nonce.hex() in self._used:
            raise Refused("bad_nonce", status=401)
        if len(self._used) >= self._limit:
            raise Unavailable("too_many")
        self._used[nonce.hex()] = int.from_bytes(nonce[:4])

    def _mac(self, kiosk: str, body: bytes) -> bytes:
        return hmac.new(self._key, body + kiosk.encode(), hashlib.sha256).digest()[:16]
