"""A server as an agent sees it: enrolment, challenge, link and catalogue, with faults that a test switches on."""

import asyncio
import json
import secrets
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import KIOSK_TO_SERVER
from vwindow.certificate import fingerprint, self_signed

KIOSK = "kiosk-1"
LIMIT = 10.0
CATALOGUE: dict[str, Any] = {"version": "1", "groups": [], "items": [], "rules": [], "guides": []}


def call(phase: str = "waiting", name: str = "call-1", **more: Any) -> wire.KioskCall:
    """Return a call of the kiosk in a phase."""
    fields: dict[str, Any] = {
        "call": name, "phase": phase, "city": "hefei", "item": 1, "position": 0, "ready_staff": 1, "choice": False,
        "recording": "off", "asked_at": datetime(2026, 1, 5, 9, tzinfo=UTC), **more,
    }  # fmt: skip
    return wire.KioskCall(**fields)


def mirror(now: wire.KioskCall | None = None) -> wire.KioskMirror:
    """Return the kiosk's mirror."""
    return wire.KioskMirror(
        kiosk=KIOSK, city="songjiang", centre="Centre", window="Window", hours="9-17", recording_policy="off",
        on_decline="call_without", call=now, server_time=datetime(2026, 1, 5, 9, tzinfo=UTC),
    )  # fmt: skip


class FakeKioskServer:
    """One kiosk's server; keeps every event it got and answers by `answers`."""

    def __init__(self) -> None:
        self.code = "AAAA-BBBB"
        self.pin = "plain"
        self.url = ""
        self.public_key = ""
        self.revoked = False
        self.unknown = False
        self.down = False
        self.mirror = mirror()
        self.catalogue = CATALOGUE
        self.answers: dict[str, dict[str, Any]] = {}
        self.got: list[tuple[str, Any]] = []
        self.challenges = 0
        self.catalogue_asked = 0
        self.sids: list[str] = []
        self.on_offer: Callable[[wire.MediaOffer], Awaitable[None]] | None = None
        self.silent = asyncio.Event()
        """Set: events are taken but not acknowledged."""
        self._nonces: set[str] = set()
        self._transports: set[asyncio.Transport] = set()
        self._codes = {self.code}
        self._changed = asyncio.Condition()
        self._counts: dict[str, int] = defaultdict(int)
        self._release = asyncio.Event()
        self._socket = socketio.AsyncServer(
            async_mode="aiohttp", async_handlers=False, ping_interval=2, ping_timeout=3, cors_allowed_origins=[]
        )
        self._runner: web.AppRunner | None = None
        self._tasks = TaskSet("fake server")
        self._socket.eio.start_background_task = self._tasks.adopt

    # ---- what a test does -------------------------------------------------------------------------

    async def tell(self, event: str, payload: wire.Wire | dict[str, Any]) -> None:
        """Send an event to the agent."""
        data = payload.model_dump(mode="json") if isinstance(payload, wire.Wire) else payload
        await self._socket.emit(event, data, namespace="/kiosk")

    async def until(self, event: str, count: int = 1) -> list[Any]:
        """Wait until an event came that often; return its payloads."""
        async with asyncio.timeout(LIMIT), self._changed:
            await self._changed.wait_for(lambda: self._counts[event] >= count)
        return [payload for name, payload in self.got if name == event]

    async def drop(self) -> None:
        """End the agent's connections."""
        for sid in list(self.sids):
            await self._socket.disconnect(sid, namespace="/kiosk")

    async def vanish(self) -> None:
        """Cut all connections without a word, as a killed server does."""
        for transport in self._transports:
            transport.abort()

    # ---- HTTP -------------------------------------------------------------------------------------

    @web.middleware
    async def _maybe_down(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.transport is not None:
            self._transports.add(request.transport)
        if self.down:
            raise web.HTTPServiceUnavailable
        return await handler(request)

    async def _enrol(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["code"] not in self._codes:
            return refused(409, "enrol_code_used")
        self._codes.discard(body["code"])
        self.public_key = body["public_key"]
        return web.json_response({"kiosk": KIOSK, "centre": "xinqiao", "window": "window-1", "city": "songjiang"})

    async def _challenge(self, request: web.Request) -> web.Response:
        self.challenges += 1
        await self._note("challenge", await request.json())
        nonce = secrets.token_hex(32)
        self._nonces.add(nonce)
        return web.json_response({"nonce": nonce})

    async def _catalogue(self, request: web.Request) -> web.Response:
        self.catalogue_asked += 1
        etag = f'"{self.catalogue["version"]}"'
        await self._note("catalogue", request.headers.get("If-None-Match"))
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.json_response(self.catalogue, headers={"ETag": etag})

    # ---- Socket.IO --------------------------------------------------------------------------------

    async def _connect(self, sid: str, environ: dict[str, Any], auth: dict[str, str]) -> None:
        assert "HTTP_ORIGIN" not in environ
        nonce = auth["nonce"]
        if nonce not in self._nonces:
            raise socketio.exceptions.ConnectionRefusedError("bad_nonce", {"code": "bad_nonce", "retryable": False})
        self._nonces.discard(nonce)
        if self.unknown:
            raise socketio.exceptions.ConnectionRefusedError(
                "kiosk_unknown", {"code": "kiosk_unknown", "retryable": False}
            )
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
        try:
            key.verify(bytes.fromhex(auth["signature"]), b"vwindow-kiosk-link:" + bytes.fromhex(nonce))
        except InvalidSignature:
            raise socketio.exceptions.ConnectionRefusedError(
                "bad_signature", {"code": "bad_signature", "retryable": False}
            ) from None
        if self.revoked:
            raise socketio.exceptions.ConnectionRefusedError(
                "kiosk_revoked", {"code": "kiosk_revoked", "retryable": False}
            )
        self.sids.append(sid)
        self._later(self.tell("kiosk.mirror", self.mirror))

    async def _disconnect(self, sid: str, reason: str) -> None:
        if sid in self.sids:
            self.sids.remove(sid)
        await self._note("disconnect", reason)

    def _taker(self, event: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def take(sid: str, payload: Any) -> dict[str, Any]:
            parsed = KIOSK_TO_SERVER[event].model_validate(payload)
            await self._note(event, parsed)
            if self.silent.is_set():
                await self._release.wait()
            if isinstance(parsed, wire.MediaOffer) and self.on_offer is not None:
                self._later(self.on_offer(parsed))
            if event == "mirror.ask":
                self._later(self.tell("kiosk.mirror", self.mirror))
            return self.answers.get(event, {"ok": True, "error": None, "call": None})

        return take

    async def _note(self, event: str, payload: Any) -> None:
        self.got.append((event, payload))
        async with self._changed:
            self._counts[event] += 1
            self._changed.notify_all()

    def _later(self, work: Any) -> None:
        self._tasks.start(work, "later")

    # ---- life -------------------------------------------------------------------------------------

    async def start(self, port: int = 0, certificate_dir: Path | None = None) -> None:
        """Listen on a port; with a directory, by TLS with a self-signed certificate made there."""
        context = None
        if certificate_dir is not None:
            certificate, key = self_signed(certificate_dir, "127.0.0.1", datetime.now(UTC))
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, key)
            self.pin = fingerprint(certificate)
        app = web.Application(middlewares=[self._maybe_down])
        app.router.add_post("/api/kiosk/enrol", self._enrol)
        app.router.add_post("/api/kiosk/challenge", self._challenge)
        app.router.add_get("/api/catalogue", self._catalogue)
        self._socket.on("connect", self._connect, namespace="/kiosk")
        self._socket.on("disconnect", self._disconnect, namespace="/kiosk")
        for event in KIOSK_TO_SERVER:
            self._socket.on(event, self._taker(event), namespace="/kiosk")
        self._socket.attach(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context).start()
        self.port = int(self._runner.addresses[0][1])
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Stop listening; tasks of the Socket.IO server end with it."""
        self._release.set()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._tasks.close()


def refused(status: int, code: str) -> web.Response:
    """Return an error answer of the API."""
    body = json.dumps({"error": {"code": code, "retryable": False}})
    return web.Response(status=status, text=body, content_type="application/json")


@asynccontextmanager
async def kiosk_server(certificate_dir: Path | None = None) -> AsyncIterator[FakeKioskServer]:
    """Run a fake server."""
    server = FakeKioskServer()
    await server.start(certificate_dir=certificate_dir)
    try:
        yield server
    finally:
        await server.close()
