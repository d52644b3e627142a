"""The Socket.IO server with its two namespaces, mounted on the web application."""

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import socketio
from aiohttp import web

from signaling import wire
from signaling.auth import KioskGate, StaffGate
from signaling.kiosk import KioskEdge
from signaling.links import Links
from signaling.outbox import SocketOutbox
from signaling.staff import StaffEdge
from vwindow.clock import Clock
from vwindow.desk.dispatcher import Desk

log = logging.getLogger(__name__)

PING_SECONDS = 2
DEAD_SECONDS = 3
"""Without an answer to a ping for this long, the link is dead: 5 s after the last sign of life at most."""


LINKS_PER_ADDRESS = 512
SWEEP_SECONDS = 1.0
RECHECK_SECONDS = 45.0
"""After which a console is asked again whether its session, role and account still hold."""


def new_server(origins: Collection[str]) -> socketio.AsyncServer:
    """Return a server that takes browsers of its own origin, as the request names it, and of `origins` only."""

    def allowed(origin: str | None, environ: dict[str, Any]) -> bool:
        request: web.Request = environ["aiohttp.request"]
        return origin == f"{request.scheme}://{request.host}" or origin in origins

    return socketio.AsyncServer(
        async_mode="aiohttp",
        # In order, one at a time per connection: a hang-up must not overtake the offer before it.
        async_handlers=False,
        cors_allowed_origins=allowed,
        max_http_buffer_size=wire.MAX_MESSAGE_BYTES,
        ping_interval=PING_SECONDS,
        ping_timeout=DEAD_SECONDS,
        # Loggers, not False: with False they bring a handler of their own, past our format and its limits.
        logger=logging.getLogger("socketio"),
        engineio_logger=logging.getLogger("engineio"),
    )


class Signaling:
    """Both edges on one server."""

    def __init__(
        self,
        server: socketio.AsyncServer,
        desk: Desk,
        kiosks: KioskGate,
        staff: StaffGate,
        clock: Clock,
        per_address: int = LINKS_PER_ADDRESS,
    ) -> None:
        self.server = server
        self.kiosk = KioskEdge(desk, kiosks, clock)
        self.staff = StaffEdge(desk, staff, clock)
        self.links = Links(server, clock, lambda: self.kiosk.links() | self.staff.links(), per_address)
        for edge in (self.kiosk, self.staff):
            server.register_namespace(edge)
            edge.on_refused = self.links.refused
            self.links.on_gone.append(edge.gone)

    async def watch(self) -> None:
        """End unused sessions each second, and consoles that are let in no longer, until cancelled."""
        loop = asyncio.get_running_loop()
        next_check = loop.time() + RECHECK_SECONDS
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.links.sweep()
                if loop.time() >= next_check:
                    next_check = loop.time() + RECHECK_SECONDS
                    await self.staff.recheck()
            except Exception:  # an edge: the doors are watched as long as the server runs
                log.exception("the watch at the doors stumbled")

    def mount(self, app: web.Application) -> None:
        """Answer at /socket.io/ of the web application."""
        self.server.attach(app)

    async def drop_kiosk(self, kiosk: str) -> None:
        """End the link of a revoked kiosk."""
        await self.kiosk.drop(kiosk)

    async def drop_staff(self, staff: str, token: str | None = None) -> None:
        """End the consoles of a staff member, or of one session."""
        await self.staff.drop(staff, token)

    def counts(self) -> dict[str, int]:
        """Return how many kiosks and staff members are connected."""
        return {"kiosks": len(self.kiosk.owners()), "staff": len(self.staff.owners())}


__all__ = ["Signaling", "SocketOutbox", "new_server"]
