"""TCP connections: how many an address may hold, and how long one may say nothing."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from vwindow.web.rates import network_of

log = logging.getLogger(__name__)

IDLE_SECONDS = 10.0
"""How long a connection may stay without a whole request; not those that carry a stream or a WebSocket."""
SWEEP_SECONDS = 1.0


class Connection(Protocol):
    """What of an aiohttp connection is looked at."""

    @property
    def transport(self) -> asyncio.BaseTransport | None: ...

    def force_close(self) -> None: ...


def sweep(connections: Iterable[Connection], per_address: int) -> int:
    """End the newest connections of each address beyond `per_address` (given oldest first); return how many."""
    held: Counter[str] = Counter()
    ended = 0
    for connection in connections:
        peer = connection.transport.get_extra_info("peername") if connection.transport is not None else None
        if not peer:
            continue
        address = network_of(str(peer[0]))
        held[address] += 1
        if held[address] > per_address:
            connection.force_close()
            ended += 1
    return ended


async def watch(runner: web.AppRunner, per_address: int) -> None:
    """Sweep each second, until cancelled."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        if runner.server is None:
            continue
        if ended := sweep(runner.server.connections, per_address):
            log.warning("%d connections ended: one address holds too many", ended)
