"""The Socket.IO server with its two namespaces, mounted on the web application."""

import logging

import socketio
from aiohttp import web

from signaling import wire
from signaling.auth import KioskGate, StaffGate
from signaling.kiosk import KioskEdge
from signaling.outbox import SocketOutbox
from signaling.staff import StaffEdge
from vwindow.clock import Clock
from vwindow.desk.dispatcher import Desk

PING_SECONDS = 2
DEAD_SECONDS = 3
"""Without an answer to a ping for this long, the link is dead: 5 s after the last sign of life at most."""


def new_server(origins: list[str]) -> socketio.AsyncServer:
    """Return a server that takes browsers of its own origin and of `origins` only."""
    return socketio.AsyncServer(
        async_mode="aiohttp",
        # In order, one at a time per connection: a hang-up must not overtake the offer before it.
        async_handlers=False,
        cors_allowed_origins=origins or None,
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
        self, server: socketio.AsyncServer, desk: Desk, kiosks: KioskGate, staff: StaffGate, clock: Clock
    ) -> None:
        self.server = server
        self.kiosk = KioskEdge(desk, kiosks, clock)
        self.staff = StaffEdge(desk, staff, clock)
        server.register_namespace(self.kiosk)
        server.register_namespace(self.staff)

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
