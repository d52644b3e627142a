"""The composition root: makes every part of the server, starts and stops them in order."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from signaling.auth import SignedIn
from signaling.outbox import SocketOutbox
from signaling.server import Signaling, new_server
from vwindow import demo
from vwindow.access import may_serve
from vwindow.books import Books, open_keys
from vwindow.clock import Clock, SystemClock
from vwindow.config import Settings
from vwindow.data_lock import DataLock
from vwindow.desk.dispatcher import Desk
from vwindow.desk.settings import DeskSettings
from vwindow.finishing import Finishing
from vwindow.gauges import Gauges
from vwindow.ids import KioskId, RoomId, StaffId
from vwindow.listening import listening
from vwindow.media_pool import MediaPool
from vwindow.recording.sealed import SealedReader
from vwindow.store.people import People
from vwindow.tasks import TaskSet
from vwindow.tokens import PURPOSE, SignedTokens
from vwindow.turn import TurnServers
from vwindow.web.application import build_web
from vwindow.web.catalogue import add_catalogue
from vwindow.web.doors import IDLE_SECONDS, watch
from vwindow.web.parts import WebParts
from vwindow.web.rates import AddressRate
from vwindow.web.whip import WhipParts, add_whip
from vwindow.worker_places import remote_places

log = logging.getLogger(__name__)

STREAMS_PER_MINUTE = 60
"""Requests to publish or play that one address may make."""
GOODBYE_SECONDS = 1.0
"""How long a stop waits until the pages are told that their calls have ended."""


@dataclass
class StaffSessions:
    """Tell signaling who is signed in and may serve."""

    people: People
    clock: Clock

    async def signed_in(self, token: str) -> SignedIn | None:
        """Return the staff member of a living session, None for roles that take no calls."""
        found = await self.people.session(token, self.clock.now())
        if found is None or not may_serve(found.viewer.role):
            return None
        return SignedIn(found.staff, token)


class Server:
    """One running server."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._tasks = TaskSet("server", limit=64)
        self._stack = contextlib.AsyncExitStack()

    async def start(self, *, load_demo: bool = False) -> tuple[demo.DemoAccount, ...]:
        """Start all parts; whatever was started is stopped again when one fails."""
        try:
            return await self._start(load_demo)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, load_demo: bool) -> tuple[demo.DemoAccount, ...]:
        settings, clock = self.settings, self._clock
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._stack.callback(DataLock(settings.data_dir).release)
        # Before anything that an earlier run left is touched: a start that fails here must not have ended its calls.
        doors = listening(settings.host, settings.port)
        for door in doors:
            self._stack.callback(door.close)
        tls = settings.tls_context()
        books = await Books.open(settings, clock)
        self._stack.push_async_callback(books.database.close)
        accounts: tuple[demo.DemoAccount, ...] = ()
        if load_demo:
            accounts = await demo.load_demo(books.database, books.places, books.people, books.guides, clock.now())
        await books.catalogue.refresh()

        sockets = new_server(settings.origins)
        outbox = SocketOutbox(sockets)
        self._tasks.start(outbox.run(), "outbox")
        self._stack.push_async_callback(self._tasks.close)

        recordings = settings.recordings_dir.absolute()
        media = MediaPool(
            settings.data_dir, worker_arguments(settings), remote_places(settings), recordings, settings.video_codec
        )
        finishing = Finishing(books.ledger.recordings, clock)
        books.ledger.finishing = finishing
        relays = TurnServers(settings.turn_urls, settings.turn_secret.get_secret_value(), settings.turn_seconds)
        desk = Desk(desk_settings(settings), clock, books.register, books.ledger, media, outbox, relays=relays)
        media.tell(desk)

        self._stack.push_async_callback(media.stop)
        held = await media.start()
        desk.start()
        self._stack.push_async_callback(desk.close)
        found = await desk.recover(held)
        await media.keep([RoomId(call) for call in found.kept])
        left = await books.ledger.recordings.close_left_open(clock.now(), found.kept)
        if found.kept or found.cut or left:
            log.warning(
                "the last run ended without a stop: %d calls go on, %d calls cut, %d journals left",
                len(found.kept), len(found.cut), len(left),
            )  # fmt: skip
        self._stack.push_async_callback(finishing.stop)
        await finishing.start()

        sessions, many = StaffSessions(books.people, clock), settings.connections_per_address
        signaling = Signaling(sockets, desk, books.kiosks, sessions, clock, per_address=many)
        self._tasks.start(signaling.watch(), "signaling")

        async def kiosk_revoked(kiosk: KioskId) -> None:
            desk.kiosk_revoked(kiosk)
            await signaling.drop_kiosk(kiosk)

        async def signed_out(staff: StaffId, token: str) -> None:
            await signaling.drop_staff(staff, token)

        metrics = CollectorRegistry()
        Gauges(metrics, desk, signaling, media, finishing)
        app = build_web(
            WebParts(
                people=books.people,
                kiosks=books.kiosks,
                reading=books.reading,
                recordings=books.ledger.recordings,
                callbacks=books.callbacks,
                view_log=books.view_log,
                clock=clock,
                open_media=SealedReader,
                static_dir=settings.static_dir,
                metrics=metrics,
                database_up=books.database.reachable,
                worker_up=lambda: media.up,
                stuck_writes=lambda: desk.stuck_writes,
                secure=settings.url.startswith("https:"),
                allowed_origins=settings.origins,
                kiosk_revoked=kiosk_revoked,
                kiosk_enrolled=signaling.drop_kiosk,
                signed_out=signed_out,
            )
        )
        add_catalogue(app, books.catalogue.bundle)
        tokens = SignedTokens(open_keys(settings, create=False).derive(PURPOSE))
        add_whip(app, WhipParts(media, tokens, clock, AddressRate(STREAMS_PER_MINUTE), settings.origins))
        signaling.mount(app)
        self._stack.push_async_callback(desk.drain)

        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=2.0, keepalive_timeout=IDLE_SECONDS
        )
        await runner.setup()
        self._tasks.start(watch(runner, settings.connections_per_address), "doors")
        self._stack.push_async_callback(runner.cleanup)
        self._stack.push_async_callback(self._say_goodbye, desk, outbox)
        for door in doors:
            await web.SockSite(runner, door, ssl_context=tls).start()
        log.info("serving %s", settings.url)
        return accounts

    async def _say_goodbye(self, desk: Desk, outbox: SocketOutbox) -> None:
        await desk.end_calls()
        await outbox.flush(GOODBYE_SECONDS)

    async def stop(self) -> None:
        """End all calls and tell so, stop taking requests, finish journals, then everything else in reverse order."""
        await self._stack.aclose()


def desk_settings(settings: Settings) -> DeskSettings:
    """Return what the desk is told of the settings."""
    return DeskSettings(
        recording_policy=settings.recording_policy,
        on_decline=settings.recording_on_decline,
        ring_seconds=settings.ring_seconds,
        suspended_long_seconds=settings.recording_reminder_seconds,
        relay_only=settings.turn_only,
    )


def worker_arguments(settings: Settings) -> list[list[str]]:
    """Return the command line of each media worker, without its socket."""
    same = ["--face-bitrate", str(settings.face_bitrate)]
    same += ["--log-format", settings.log_format, "--log-level", settings.log_level]
    same += ["--recordings", str(settings.recordings_dir.absolute())]
    same += ["--recording-cipher", settings.recording_cipher, "--recording-hash", settings.recording_hash]
    if settings.media_tcp:
        same.append("--tcp")
    for address in settings.media_announce:
        same += ["--announce", address]
    workers = []
    for listen in settings.media_addresses:
        named = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in listen]
        workers.append([*same, *(word for address in named for word in ("--listen", address))])
    return workers


async def serve(settings: Settings, *, load_demo: bool, ready: Callable[[Sequence[demo.DemoAccount]], None]) -> None:
    """Run the server until SIGTERM or SIGINT."""
    server = Server(settings)
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, leaving.set)
    accounts = await server.start(load_demo=load_demo)
    try:
        ready(accounts)
        await leaving.wait()
        log.info("stopping: calls are ended and their recordings finished")
    finally:
        await server.stop()
