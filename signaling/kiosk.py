"""The agents' namespace: a kiosk's words become events of the desk."""

from collections.abc import Mapping
from typing import Any

from signaling import wire
from signaling.auth import KioskGate, kiosk_auth
from signaling.edge import Edge
from signaling.events import KIOSK_TO_SERVER
from signaling.guest import Guest
from vwindow.calls import events
from vwindow.clock import Clock
from vwindow.desk.dispatcher import Desk
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId


class KioskEdge(Edge):
    """Namespace /kiosk."""

    def __init__(self, desk: Desk, gate: KioskGate, clock: Clock) -> None:
        super().__init__("/kiosk", KIOSK_TO_SERVER, clock)
        self._desk = desk
        self._gate = gate
        self.handle("kiosk.hello", self._hello)
        self.handle("mirror.ask", self._mirror)
        self.handle("call.ask", self._ask)
        self.handle("call.hang_up", self._hang_up)
        self.handle("call.wait", self._wait)
        self.handle("call.callback", self._callback)
        self.handle("call.rate", self._rate)
        self.handle("call.close", self._close)
        self.handle("recording.suspend", self._suspend)
        self.handle("recording.resume", self._resume)
        self.handle("media.offer", self._offer)
        self.handle("media.path", self._path)

    async def admit(self, environ: Mapping[str, Any], auth: object) -> Guest:
        if environ.get("HTTP_ORIGIN"):
            raise Refused("foreign_origin", status=403)
        given = kiosk_auth(auth)
        await self._gate.verify_link(given.kiosk, given.nonce, given.signature)
        return self.new_guest(given.kiosk)

    async def arrived(self, owner: str, first: bool) -> None:
        await self._desk.kiosk_connected(KioskId(owner))

    async def left(self, owner: str) -> None:
        await self._desk.kiosk_lost(KioskId(owner))

    async def _hello(self, guest: Guest, payload: wire.KioskHello) -> None:
        self._desk.kiosk_said_hello(KioskId(guest.owner), payload.version, payload.devices)

    async def _mirror(self, guest: Guest, payload: wire.Empty) -> None:
        self._desk.tell_kiosk_mirror(KioskId(guest.owner))

    async def _ask(self, guest: Guest, payload: wire.CallAsk) -> str:
        return await self._desk.ask(
            KioskId(guest.owner), payload.request, payload.city, payload.item, payload.recording
        )

    async def _hang_up(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.VisitorHungUp(self._clock.now(), CallId(payload.call), KioskId(guest.owner)))

    async def _wait(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.VisitorWaited(self._clock.now(), CallId(payload.call), KioskId(guest.owner)))

    async def _callback(self, guest: Guest, payload: wire.CallbackAsk) -> None:
        await self._desk.submit(
            events.CallbackLeft(
                self._clock.now(), CallId(payload.call), KioskId(guest.owner), payload.name, payload.phone
            )
        )

    async def _rate(self, guest: Guest, payload: wire.CallRate) -> None:
        await self._desk.submit(
            events.Rated(self._clock.now(), CallId(payload.call), KioskId(guest.owner), payload.grade)
        )

    async def _close(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.CallClosed(self._clock.now(), CallId(payload.call), KioskId(guest.owner)))

    async def _suspend(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.VisitorSuspended(self._clock.now(), CallId(payload.call), KioskId(guest.owner)))

    async def _resume(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.VisitorResumed(self._clock.now(), CallId(payload.call), KioskId(guest.owner)))

    async def _offer(self, guest: Guest, payload: wire.MediaOffer) -> None:
        if payload.part == "console":
            raise Refused("bad_part")
        await self._desk.offer_from_kiosk(KioskId(guest.owner), CallId(payload.call), payload.part, payload.sdp)

    async def _path(self, guest: Guest, payload: wire.PathReport) -> None:
        if payload.part == "console":
            raise Refused("bad_part")
        self._desk.path_from_kiosk(KioskId(guest.owner), CallId(payload.call), payload.part, payload.path)
