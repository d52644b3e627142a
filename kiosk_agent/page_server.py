"""The kiosk page's only server: pages, catalogue and preview on 127.0.0.1."""

import asyncio
import contextlib
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web

from kiosk_agent.bridge import Bridge
from kiosk_agent.catalogue import Catalogue
from kiosk_agent.page_guard import PageGuard, refusal
from kiosk_agent.preview import BOUNDARY, Preview, TooManyViewers, part
from kiosk_agent.tasks import TaskSet
from signaling import wire

ADDRESS = "127.0.0.1"
PING_SECONDS = 5
DEAD_SECONDS = 20
"""Longer than the server may take to answer: while an event waits, no pong is read."""
TOKEN_META = re.compile(r'(<meta name="page-token" content=")(")')
STOP_SECONDS = 0.3
SLOW_VIEWER_SECONDS = 5.0


class PageServer:
    """Serve the page to the browser of this machine and to nobody else."""

    def __init__(
        self,
        guard: PageGuard,
        static: Path,
        catalogue: Catalogue,
        preview: Preview,
        state: Callable[[], dict[str, Any]],
    ) -> None:
        self._guard = guard
        self._static = static
        self._catalogue = catalogue
        self._preview = preview
        self._state = state
        self._runner: web.AppRunner | None = None
        self._tasks = TaskSet("pages", limit=1000, patience=0.1)
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}/"

    async def start(self, port: int, bridge: Bridge) -> None:
        """Listen; port 0 takes a free one. Raises OSError."""
        app = web.Application(middlewares=[self._guard.middleware()], client_max_size=wire.MAX_MESSAGE_BYTES)
        app.on_response_prepare.append(self._prepare)
        app.router.add_get("/", self._index)
        app.router.add_get("/catalogue.json", self._catalogue_json)
        app.router.add_get("/preview.mjpg", self._preview_mjpg)
        app.router.add_get("/state.json", self._state_json)
        if (self._static / "assets").is_dir():
            app.router.add_static("/assets/", self._static / "assets", follow_symlinks=False)
        self._socket(bridge).attach(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, ADDRESS, port).start()
        self.port = int(self._runner.addresses[0][1])
        self._guard.learn_port(self.port)

    async def close(self) -> None:
        """Stop listening and end all connections."""
        await self._preview.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._tasks.close()

    def _socket(self, bridge: Bridge) -> Any:
        server = socketio.AsyncServer(
            async_mode="aiohttp",
            # In order, one at a time: a hang-up must not overtake the offer before it.
            async_handlers=False,
            # The guard has checked the Origin; this list is not known before the port is.
            cors_allowed_origins=lambda origin: origin in self._guard.origins,
            max_http_buffer_size=wire.MAX_MESSAGE_BYTES,
            ping_interval=PING_SECONDS,
            ping_timeout=DEAD_SECONDS,
            http_compression=False,
            logger=False,
            engineio_logger=False,
        )
        server.eio.start_background_task = self._tasks.adopt
        server.register_namespace(bridge)
        return server

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        self._guard.finish(request, response)
        if request.path.startswith("/assets/") and response.status == 200:
            # Names of built files carry a hash of their content.
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"

    async def _index(self, request: web.Request) -> web.StreamResponse:
        path = self._static / "kiosk" / "index.html"
        try:
            page = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError:
            return web.Response(status=503, text="The pages are not built yet: run scripts/setup.\n")
        page, filled = TOKEN_META.subn(lambda found: found[1] + html.escape(self._guard.token) + found[2], page)
        if filled != 1:
            return web.Response(status=503, text="The built page has no place for its token: run scripts/setup.\n")
        return web.Response(text=page, content_type="text/html")

    async def _catalogue_json(self, request: web.Request) -> web.StreamResponse:
        bundle = self._catalogue.bundle
        if bundle is None:
            return refusal(503, "catalogue_missing", retryable=True)
        headers = {"Cache-Control": "no-cache", **({"ETag": bundle.etag} if bundle.etag else {})}
        if bundle.etag and request.headers.get("If-None-Match") == bundle.etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=bundle.body, headers=headers, content_type="application/json", charset="utf-8")

    async def _state_json(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._state(), dumps=lambda value: json.dumps(value, ensure_ascii=False))

    async def _preview_mjpg(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        try:
            async with self._preview.watch() as images:
                await response.prepare(request)
                await response.write(f"--{BOUNDARY}\r\n".encode())
                async for image in images:
                    # A viewer that does not read must not hold one of the two places for ever.
                    async with asyncio.timeout(SLOW_VIEWER_SECONDS):
                        await response.write(part(image))
        except TooManyViewers:
            return refusal(503, "too_many", retryable=True)
        except (ConnectionError, TimeoutError):
            with contextlib.suppress(ConnectionError):
                if request.transport is not None:
                    request.transport.abort()
        return response
