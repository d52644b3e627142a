"""Ways through a TURN server: its addresses, and credentials made for one side of one call.

The credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the name begins with the
second at which it expires, the password is an HMAC of the name under a secret that only both servers know.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vwindow.addresses import is_host
from vwindow.desk.views import IceServerView
from vwindow.ids import CallId

URL = re.compile(r"(turns?):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?")
"""RFC 7065; TURN over DTLS is nowhere offered, so `turns` goes over TCP."""


def check_url(url: str) -> str:
    """Return the address of a TURN server as it is; raises ValueError with what is wrong."""
    found = URL.fullmatch(url)
    if found is None:
        raise ValueError(f"{url!r} is not turn:host:port?transport=udp|tcp or turns:host:port?transport=tcp")
    scheme, host, port, transport = found.groups()
    if not host.startswith("[") and not is_host(host):
        raise ValueError(f"{url!r}: {host} is no name of a host")
    if scheme == "turns" and transport == "udp":
        raise ValueError(f"{url!r}: TURN over TLS goes over TCP")
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"{url!r}: no such port")
    return url


@dataclass(frozen=True, slots=True)
class TurnServers:
    """Make each side of a call its credentials; without addresses there is no TURN server."""

    urls: Sequence[str]
    secret: str = field(repr=False)
    seconds: int
    """A credential is good for this long at least, and for half as long again at most."""

    def for_side(self, call: CallId, side: str, now: datetime) -> tuple[IceServerView, ...]:
        """Return the servers for `side` of a call; within half a lifetime the same ones."""
        if not self.urls:
            return ()
        step = max(1, self.seconds // 2)
        expiry = -(-(int(now.timestamp()) + self.seconds) // step) * step
        name = f"{expiry}:{opaque_id(self.secret, call, side)}"
        return (IceServerView(tuple(self.urls), name, password(self.secret, name)),)


def opaque_id(secret: str, call: CallId, side: str) -> str:
    """Return who this is to the TURN server: its log tells nobody which call or kiosk it was."""
    return hmac.new(secret.encode(), f"{call}/{side}".encode(), hashlib.sha256).hexdigest()[:16]


def password(secret: str, name: str) -> str:
    """Return the password of a name: base64 of HMAC-SHA1."""
    return base64.b64encode(hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()).decode()
