"""The web API on a real port with a filled store, and a browser-like client."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from tests.fakes.store_house import PASSWORD, StoreHouse, store_house
from vwindow.ids import KioskId, StaffId
from vwindow.web.application import build_web
from vwindow.web.parts import WebParts


class FakeMedia:
    """A plain file with the shape of a sealed one; breaks from `broken_at` on."""

    def __init__(self, path: Path, key: bytes, broken_at: int | None = None) -> None:
        assert len(key) == 32
        self._data = path.read_bytes()
        self._broken_at = broken_at
        self.closed = False

    @property
    def size(self) -> int:
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        if self._broken_at is not None and offset >= self._broken_at:
            raise OSError("broken")
        return self._data[offset : offset + length]

    def close(self) -> None:
        self.closed = True


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass
class WebHouse:
    """A running server; `ask` speaks as a page of its own origin unless told otherwise."""

    store: StoreHouse
    server: TestServer
    session: aiohttp.ClientSession
    opened: list[FakeMedia] = field(default_factory=list)
    revoked: list[KioskId] = field(default_factory=list)
    enrolled: list[KioskId] = field(default_factory=list)
    signed_out: list[StaffId] = field(default_factory=list)
    worker: bool = True
    stuck: int = 0
    broken_at: int | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def ask(
        self, path: str, body: object = None, *, method: str = "", data: bytes | None = None, **headers: str
    ) -> Answer:
        """Send GET without a body, POST with one; underscores in header names become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        method = method or ("GET" if body is None and data is None else "POST")
        if method != "GET" and "Origin" not in headers:
            named["Origin"] = self.origin
        if data is not None:
            named.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, self.origin + path, json=body, data=data, headers=named, allow_redirects=False
        ) as response:
            content = await response.read()
            parsed = await response.json() if response.content_type == "application/json" and content else None
            return Answer(response.status, response.headers, content, parsed)

    async def sign_in(self, account: str) -> Answer:
        return await self.ask("/api/sign-in", {"name": account, "password": PASSWORD})

    def open_media(self, path: Path, key: bytes) -> FakeMedia:
        media = FakeMedia(path, key, self.broken_at)
        self.opened.append(media)
        return media


@asynccontextmanager
async def web_house(folder: Path, **changes: Any) -> AsyncIterator[WebHouse]:
    """Serve a filled store on 127.0.0.1; `changes` replace fields of WebParts."""
    async with store_house(folder) as store:
        houses: list[WebHouse] = []

        async def revoked(kiosk: KioskId) -> None:
            houses[0].revoked.append(kiosk)

        async def enrolled(kiosk: KioskId) -> None:
            houses[0].enrolled.append(kiosk)

        async def signed_out(staff: StaffId, token: str) -> None:
            houses[0].signed_out.append(staff)

        fields: dict[str, Any] = {
            "people": store.people,
            "kiosks": store.kiosks,
            "reading": store.reading,
            "recordings": store.ledger.recordings,
            "callbacks": store.callbacks,
            "view_log": store.view_log,
            "clock": store.clock,
            "open_media": lambda path, key: houses[0].open_media(path, key),
            "static_dir": folder / "dist",
            "metrics": CollectorRegistry(),
            "database_up": store.database.reachable,
            "worker_up": lambda: houses[0].worker,
            "stuck_writes": lambda: houses[0].stuck,
            "kiosk_revoked": revoked,
            "kiosk_enrolled": enrolled,
            "signed_out": signed_out,
        }
        server = TestServer(build_web(WebParts(**(fields | changes))), host="127.0.0.1")
        await server.start_server()
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
                houses.append(WebHouse(store, server, session))
                yield houses[0]
        finally:
            await server.close()
