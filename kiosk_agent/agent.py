"""The agent: one object that puts the parts together and owns their tasks."""

import asyncio
import logging
import os
from collections.abc import Callable
from importlib import metadata
from typing import Any

from yarl import URL

from devices import registry
from devices.face_camera.port import Feed
from devices.health import Health
from kiosk_agent import enrolment
from kiosk_agent.addresses import AddressWatch
from kiosk_agent.bridge import Bridge
from kiosk_agent.browser import Browser, has_display
from kiosk_agent.catalogue import Catalogue
from kiosk_agent.enrolment import Enrolment
from kiosk_agent.link import Link, failed
from kiosk_agent.media import MediaConnection, MediaError, Relaying, only_loopback
from kiosk_agent.page_guard import PageGuard
from kiosk_agent.page_server import PageServer
from kiosk_agent.preview import Preview
from kiosk_agent.publisher import Connection, Publisher
from kiosk_agent.relay import relays_of, remember, tls_context
from kiosk_agent.settings import Settings
from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import LinkState

log = logging.getLogger(__name__)

CATALOGUE_SECONDS = 600.0
STOP_SECONDS = 1.9
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def version() -> str:
    """Return the installed version of the product."""
    try:
        return metadata.version("vwindow")
    except metadata.PackageNotFoundError:
        return "unknown"


class Agent:
    """Everything that runs beside one kiosk page."""

    def __init__(self, settings: Settings) -> None:
        """Read key and enrolment; raises EnrolmentError, OSError (`turn_ca`) or what the camera's registry raises."""
        self._settings = settings
        self._turn_context = tls_context(settings.turn_ca)
        self._turn_trouble: dict[str, str] = {}
        self._tasks = TaskSet("agent")
        self._camera = registry.face_camera(settings.camera)
        self._link_up = asyncio.Event()
        self._call: wire.KioskCall | None = None
        self._warm: Feed | None = None
        self._state = LinkState(up=False, reason="not_enrolled")
        self._enrolled = enrolment.load(settings.data_dir)
        self._link = self._new_link(self._enrolled)
        self._guard = PageGuard()
        self._bridge = Bridge(self._guard, self, self._tasks, self._say_hello)
        self._catalogue = Catalogue(settings.data_dir)
        self._preview = Preview(self._camera)
        self._pages = PageServer(self._guard, settings.static_dir, self._catalogue, self._preview, self.describe)
        self._publisher = Publisher(
            self._connect, self.emit, self._link_up, self._tasks, errors=(MediaError, ConnectionError)
        )
        self._browser = Browser(
            settings.browser_command,
            settings.data_dir / "browser",
            flags=settings.browser_flags,
            loopback=only_loopback(),
        )
        self._addresses = AddressWatch(self._addresses_changed)
        self._hello_due = False

    @property
    def state(self) -> LinkState:
        """The link as the pages are told it is."""
        return self._state

    @property
    def url(self) -> str:
        """Where the page is, once started."""
        return self._pages.url

    async def emit(self, event: str, payload: wire.Wire) -> wire.Ack:
        """Send an event to the server."""
        return failed("link_down") if self._link is None else await self._link.emit(event, payload)

    async def start(self) -> None:
        """Serve the page and begin to connect; raises OSError when the port is taken."""
        self._camera.start(self._camera_changed)
        await self._pages.start(self._settings.port, self._bridge)
        log.info("kiosk page on %s", self.url)
        self._tasks.start(self._bridge.run(), "bridge")
        if self._link is None:
            log.warning("this kiosk is not enrolled: vwindow-kiosk enrol --server URL --code CODE")
        else:
            self._tasks.start(self._link.run(), "link")
            self._tasks.start(self._keep_catalogue(), "catalogue")
        self._addresses.start()
        if self._settings.browser:
            if has_display(os.environ):
                self._tasks.start(self._browser.run(self.url), "browser")
            else:
                log.info("there is no display: no browser is started")

    async def close(self) -> None:
        """End everything, within 2 s; idempotent."""
        self._addresses.close()
        parts = (self._publisher.close(), self._tasks.close(), self._pages.close(), self._camera.close())
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*parts)
        except TimeoutError:
            log.error("not everything could be stopped in time")

    def describe(self) -> dict[str, Any]:
        """Return what /state.json shows: nothing about a visitor."""
        camera = self._camera.health
        return {
            "version": version(),
            "kiosk": self._enrolled.kiosk if self._enrolled else None,
            "link": self._state.model_dump(),
            "call": self._call.phase if self._call else None,
            "media": self._publisher.state,
            "path": self._publisher.path,
            "turn": self._turn_trouble,
            "pages": self._bridge.pages,
            "preview_viewers": self._preview.viewers,
            "browser": self._browser.running,
            "catalogue": self._catalogue.bundle is not None,
            "devices": {"face_camera": {"state": camera.state, "code": camera.code, "identity": camera.identity}},
        }

    # ---- what the parts tell ----------------------------------------------------------------------

    def link_changed(self, state: LinkState) -> None:
        self._state = state
        if state.up:
            self._link_up.set()
            self._publisher.tell_path()
        else:
            self._link_up.clear()
        self._bridge.pass_down("link.changed", state)

    def received(self, event: str, payload: wire.Wire) -> None:
        if isinstance(payload, wire.MediaAnswer | wire.MediaRefused) and payload.part == "agent":
            self._publisher.take(payload)
            return
        if isinstance(payload, wire.KioskMirror):
            self._follow(payload.call)
        elif isinstance(payload, wire.KioskCall):
            self._follow(payload)
        self._bridge.pass_down(event, payload)

    def _follow(self, call: wire.KioskCall | None) -> None:
        self._call = call
        self._keep_warm(call is not None and call.phase != "ended")
        self._publisher.follow(call)

    def _keep_warm(self, wanted: bool) -> None:
        # A camera takes up to a second to start: it does so while the visitor waits.
        if wanted and self._warm is None:
            self._warm = self._camera.feed()
        elif not wanted and self._warm is not None:
            self._warm.close()
            self._warm = None

    def _camera_changed(self, health: Health) -> None:
        self._say_hello()

    def _addresses_changed(self) -> None:
        if self._link is not None:
            self._link.nudge()
        self._publisher.renew()

    def _say_hello(self) -> None:
        # Several changes in one turn of the loop are one hello.
        if self._state.up and not self._hello_due:
            self._hello_due = True
            self._tasks.start(self._hello_again(), "hello")

    async def _hello_again(self) -> None:
        self._hello_due = False
        await self.emit("kiosk.hello", self._hello())

    def _hello(self) -> wire.KioskHello:
        return wire.KioskHello(
            version=version(),
            devices={"face_camera": self._camera.health.state},
            page_open=self._bridge.pages > 0,
        )

    # ---- parts ------------------------------------------------------------------------------------

    def _new_link(self, enrolled: Enrolment | None) -> Link | None:
        if enrolled is None:
            return None
        self._state = LinkState(up=False, reason="unreachable")
        key = enrolment.load_key(self._settings.data_dir, enrolled.key_file)
        return Link(enrolled, key, self, self._hello)

    def _connect(self, changed: Callable[[], None]) -> Connection:
        # A server on this very machine may list only its loopback address for media.
        near = self._enrolled is not None and URL(self._enrolled.server).host in LOOPBACK_HOSTS
        relaying = self._relaying()
        connection = MediaConnection(self._camera.feed(), changed, loopback=near, relaying=relaying)
        self._turn_trouble = connection.trouble
        return connection

    def _relaying(self) -> Relaying | None:
        call = self._call
        relays = relays_of(call.ice_servers) if call is not None else []
        only = self._settings.relay_only or (call is not None and call.relay_only)
        if call is not None:
            remember(self._settings.data_dir, relays)
        if not relays and not only:
            return None
        return Relaying(relays, self._turn_context, only)

    async def _keep_catalogue(self) -> None:
        while self._enrolled is not None:
            await self._link_up.wait()
            await self._catalogue.refresh(self._enrolled)
            await asyncio.sleep(CATALOGUE_SECONDS)
