"""The consoles' namespace: a staff member's words become events of the desk."""

from collections.abc import Mapping
from typing import Any

from signaling import wire
from signaling.auth import StaffGate, session_token
from signaling.edge import Edge
from signaling.events import STAFF_TO_SERVER
from signaling.guest import Guest
from vwindow.calls import events
from vwindow.clock import Clock
from vwindow.desk.dispatcher import Desk
from vwindow.errors import Refused
from vwindow.ids import CallId, StaffId

CONSOLES_PER_PERSON = 8
"""Open pages of one person; one more ends the oldest."""


class StaffEdge(Edge):
    """Namespace /staff."""

    def __init__(self, desk: Desk, gate: StaffGate, clock: Clock) -> None:
        super().__init__("/staff", STAFF_TO_SERVER, clock, per_owner=CONSOLES_PER_PERSON)
        self._desk = desk
        self._gate = gate
        self._media: dict[str, tuple[str, str]] = {}
        """Of each person here: the last call that was answered, and the console that has its media."""
        self.handle("mirror.ask", self._mirror)
        self.handle("staff.ready", self._ready)
        self.handle("staff.break", self._break)
        self.handle("staff.off", self._off)
        self.handle("call.answer", self._answer)
        self.handle("call.decline", self._decline)
        self.handle("call.hang_up", self._hang_up)
        self.handle("call.outcome", self._outcome)
        self.handle("recording.suspend", self._suspend)
        self.handle("recording.resume", self._resume)
        self.handle("media.offer", self._offer)
        self.handle("media.path", self._path)

    async def admit(self, environ: Mapping[str, Any], auth: object) -> Guest:
        found = await self._gate.signed_in(session_token(environ))
        if found is None:
            raise Refused("not_signed_in", status=401)
        return self.new_guest(found.staff, found.token)

    async def holds(self, guest: Guest) -> bool:
        return await self._gate.signed_in(guest.token) is not None

    async def _still(self, guest: Guest) -> None:
        """Raise Refused("not_signed_in") and end the console when session, role or account hold no longer."""
        if not await self.holds(guest):
            # Not disconnected here: the acknowledgement would come after it and be lost.
            await self._oust(guest)
            raise Refused("not_signed_in", status=401)

    async def arrived(self, owner: str, first: bool) -> None:
        if first:
            await self._desk.staff_connected(StaffId(owner))
        else:
            self._desk.tell_staff_mirror(StaffId(owner))

    async def left(self, owner: str) -> None:
        self._media.pop(owner, None)
        await self._desk.staff_lost(StaffId(owner))

    async def _mirror(self, guest: Guest, payload: wire.Empty) -> None:
        self._desk.tell_staff_mirror(StaffId(guest.owner))

    async def _ready(self, guest: Guest, payload: wire.Empty) -> None:
        await self._still(guest)
        await self._desk.submit(events.StaffReady(self._clock.now(), StaffId(guest.owner)))

    async def _break(self, guest: Guest, payload: wire.StaffPause) -> None:
        await self._desk.submit(events.StaffPaused(self._clock.now(), StaffId(guest.owner), payload.reason))

    async def _off(self, guest: Guest, payload: wire.Empty) -> None:
        await self._desk.submit(events.StaffLeft(self._clock.now(), StaffId(guest.owner)))

    async def _answer(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._still(guest)
        await self._desk.submit(events.StaffAnswered(self._clock.now(), CallId(payload.call), StaffId(guest.owner)))
        if not self._holder(guest.owner, payload.call):
            self._media[guest.owner] = payload.call, guest.sid

    async def _decline(self, guest: Guest, payload: wire.CallDecline) -> None:
        await self._desk.submit(
            events.StaffDeclined(self._clock.now(), CallId(payload.call), StaffId(guest.owner), payload.reason)
        )

    async def _hang_up(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.StaffHungUp(self._clock.now(), CallId(payload.call), StaffId(guest.owner)))

    async def _outcome(self, guest: Guest, payload: wire.CallOutcome) -> None:
        await self._desk.submit(
            events.OutcomeNoted(
                self._clock.now(), CallId(payload.call), StaffId(guest.owner), payload.outcome, payload.note
            )
        )

    async def _suspend(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.StaffSuspended(self._clock.now(), CallId(payload.call), StaffId(guest.owner)))

    async def _resume(self, guest: Guest, payload: wire.CallRef) -> None:
        await self._desk.submit(events.StaffResumed(self._clock.now(), CallId(payload.call), StaffId(guest.owner)))

    async def _offer(self, guest: Guest, payload: wire.MediaOffer) -> None:
        if payload.part != "console":
            raise Refused("bad_part")
        holder = self._holder(guest.owner, payload.call)
        if holder not in ("", guest.sid) and not payload.take_over:
            raise Refused("elsewhere", status=409)
        await self._desk.offer_from_staff(StaffId(guest.owner), CallId(payload.call), payload.sdp, guest.sid)
        self._media[guest.owner] = payload.call, guest.sid
        if holder not in ("", guest.sid):
            gone = wire.MediaRefused(
                call=payload.call, part="console", error=wire.WireError(code="elsewhere", retryable=False)
            )
            await self.emit("media.refused", gone.model_dump(mode="json"), to=holder)

    async def _path(self, guest: Guest, payload: wire.PathReport) -> None:
        if payload.part != "console":
            raise Refused("bad_part")
        if self._holder(guest.owner, payload.call) not in ("", guest.sid):
            raise Refused("elsewhere", status=409)
        self._desk.path_from_staff(StaffId(guest.owner), CallId(payload.call), payload.path)

    def _holder(self, owner: str, call: str) -> str:
        """Return which console answered a call or took its media over; "" when none of those that are there."""
        held, sid = self._media.get(owner, ("", ""))
        return sid if held == call and sid in self._guests else ""
