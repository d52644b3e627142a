"""What the web API is built from: everything is handed in, nothing is looked up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry

from vwindow.clock import Clock
from vwindow.ids import KioskId, StaffId
from vwindow.store.callbacks import Callbacks
from vwindow.store.kiosks import Kiosks
from vwindow.store.people import People
from vwindow.store.reading import Reading
from vwindow.store.recordings import Recordings
from vwindow.store.view_log import ViewLog


class Media(Protocol):
    """A sealed file that opens piece by piece; called from threads."""

    @property
    def size(self) -> int:
        """Plain bytes in the file."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return plain bytes, fewer only at the end of the file; raises OSError, VWindowError."""
        ...

    def close(self) -> None: ...


OpenMedia = Callable[[Path, bytes], Media]


async def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class WebParts:
    """The parts of the house that the web API speaks to."""

    people: People
    kiosks: Kiosks
    reading: Reading
    recordings: Recordings
    callbacks: Callbacks
    view_log: ViewLog
    clock: Clock
    open_media: OpenMedia
    static_dir: Path
    metrics: CollectorRegistry
    database_up: Callable[[], Awaitable[bool]]
    worker_up: Callable[[], bool]
    stuck_writes: Callable[[], int] = lambda: 0
    secure: bool = False
    """Served with TLS, by us or by a proxy in front: the cookie is marked Secure."""
    allowed_origins: Sequence[str] = ()
    """Origins besides our own, for a proxy with another name."""
    kiosk_revoked: Callable[[KioskId], Awaitable[None]] = _nothing
    kiosk_enrolled: Callable[[KioskId], Awaitable[None]] = _nothing
    """Called when a kiosk has a new key: a link under its old one is another machine's."""
    signed_out: Callable[[StaffId, str], Awaitable[None]] = _nothing
    """Called with the person and the token of the session that ended."""


PARTS = web.AppKey("parts", WebParts)
