"""How often an address may ask: a bounded memory of recent requests."""

import ipaddress
from collections import OrderedDict, deque

from aiohttp import web

from vwindow.errors import Refused

WINDOW_SECONDS = 60.0


class AddressRate:
    """Allow `limit` requests per address in any 60 s.

    Remembers at most `addresses` addresses (IPv6 by /64, since one host has many there); when full, the address that
    asked longest ago is forgotten.
    """

    def __init__(self, limit: int, *, addresses: int = 4096) -> None:
        self._limit = limit
        self._addresses = addresses
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, request: web.Request, now: float) -> None:
        """Count a request at monotonic seconds; raise Refused("too_many")."""
        address = network_of(request.remote or "")
        times = self._asked.pop(address, None) or deque(maxlen=self._limit)
        self._asked[address] = times
        while len(self._asked) > self._addresses:
            self._asked.popitem(last=False)
        if len(times) == self._limit and now - times[0] < WINDOW_SECONDS:
            raise Refused("too_many", status=429, retryable=True)
        times.append(now)


def network_of(address: str) -> str:
    """Return what stands for one host: its IPv4 address, or its IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
