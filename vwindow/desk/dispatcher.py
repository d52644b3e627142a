"""The desk: one mailbox, one task that owns all calls.

Everybody else posts facts and is told by the outbox. Facts of the register are looked up before an event is
posted, slow work is done after it, so that the mailbox itself never waits.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from vwindow.calls.call import SERVED, Call, Phase
from vwindow.calls.events import (
    CallAsked,
    CallFound,
    DeskClosing,
    Event,
    KioskConnected,
    KioskLost,
    KioskRevoked,
    PathFound,
    RecordingFailed,
    RecordingPaused,
    RecordingStalled,
    RecordingWrote,
    RoomLost,
    StaffConnected,
    StaffLost,
)
from vwindow.calls.floor import Floor
from vwindow.clock import Clock
from vwindow.desk.facts import FactBook, ability, item_rule
from vwindow.desk.lanes import Lanes
from vwindow.desk.media import Media, OfferReply
from vwindow.desk.mirror import Mirror
from vwindow.desk.peers import Peers
from vwindow.desk.perform import Performer
from vwindow.desk.ports import HeldRoom, Ledger, Outbox, Register, Relays, RoomPart, Rooms
from vwindow.desk.recovery import Recovered, Recovery
from vwindow.desk.settings import DeskSettings
from vwindow.desk.timers import Later, LoopLater, Timers
from vwindow.errors import Broken, Refused, Unavailable, VWindowError
from vwindow.ids import CallId, KioskId, RoomId, StaffId
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

AGAIN_SECONDS = 0.1
"""After which an event comes again that found the mailbox full: events are never dropped."""


def new_call() -> CallId:
    """Return a fresh call id that cannot be guessed."""
    return CallId(secrets.token_hex(10))


class Desk:
    """All calls of one server."""

    def __init__(
        self,
        settings: DeskSettings,
        clock: Clock,
        register: Register,
        ledger: Ledger,
        rooms: Rooms,
        outbox: Outbox,
        *,
        relays: Relays | None = None,
        later: Later | None = None,
        call_ids: Callable[[], CallId] = new_call,
    ) -> None:
        later = later or LoopLater()
        self._settings = settings
        self._clock = clock
        self._register = register
        self._ledger = ledger
        self._outbox = outbox
        self._later = later
        self._call_ids = call_ids
        self._floor = Floor(settings)
        self._facts = FactBook()
        self._mailbox: asyncio.Queue[tuple[Event, asyncio.Future[CallId | None] | None]] = asyncio.Queue(
            maxsize=settings.mailbox_size
        )
        self._tasks = TaskSet("desk", limit=10_000)
        self._lanes = Lanes(self._tasks, later, settings)
        self._timers = Timers(later, clock, self.post)
        self._peers = Peers(clock, self.post)
        self._mirror = Mirror(self._floor, self._facts, settings, clock, relays)
        self._media = Media(rooms, ledger, settings, clock, later, self._tasks, self._lanes, self.post)
        self._perform = Performer(
            self._floor, self._facts, self._mirror, outbox, ledger, settings, clock, later,
            self._timers, self._lanes, self._media, self._peers,
        )  # fmt: skip
        self._kiosk_links: dict[KioskId, object] = {}
        self._staff_links: dict[StaffId, object] = {}
        self._hellos: dict[KioskId, tuple[str, Mapping[str, str]]] = {}
        self._closed = False

    # ---- life ----

    def start(self) -> None:
        """Start the mailbox; needs a running loop."""
        self._tasks.start(self._run(), "mailbox")

    async def recover(self, held: Mapping[RoomId, HeldRoom]) -> Recovered:
        """Go on with the open calls whose rooms the media workers hold; end the others and show both sides why."""
        recovery = Recovery(
            self._register, self._ledger, self._clock, self._settings, self._facts, self._floor, self._peers, self._send
        )
        return await recovery.run(held)

    async def end_calls(self) -> None:
        """End all calls and refuse new ones; when this returns, all of it is with the outbox."""
        waiting: asyncio.Future[CallId | None] = asyncio.get_running_loop().create_future()
        await self._mailbox.put((DeskClosing(self._clock.now()), waiting))
        await waiting

    async def drain(self) -> None:
        """End all calls, refuse new ones, wait (bounded) until recordings and writes are finished."""
        await self.end_calls()
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await self.settled()
        except TimeoutError:
            log.error("%d lanes of work are cut off by the stop", len(self._lanes))

    async def settled(self) -> None:
        """Wait until the mailbox is empty and no slow work is under way."""
        while True:
            await self._mailbox.join()
            await self._lanes.idle()
            if self._mailbox.empty() and not len(self._lanes):
                return

    async def close(self) -> None:
        """End all tasks and timers; what is still under way is cut off."""
        self._closed = True
        self._timers.close()
        await self._tasks.close()
        while not self._mailbox.empty():
            _, waiting = self._mailbox.get_nowait()
            if waiting is not None and not waiting.done():
                waiting.set_exception(Unavailable("closing"))

    # ---- the mailbox ----

    async def _run(self) -> None:
        while True:
            event, waiting = await self._mailbox.get()
            try:
                self._apply(event, waiting)
            finally:
                self._mailbox.task_done()

    def _apply(self, event: Event, waiting: asyncio.Future[CallId | None] | None) -> None:
        named: CallId | None = None
        error: Exception | None = None
        try:
            self._perform.run(self._floor.apply(event))
            if isinstance(event, CallAsked):
                shown = self._floor.call_of_kiosk(event.kiosk)
                named = shown.call if shown is not None else None
        except Refused as refused:
            error = refused
        except Exception:  # an edge: one event that we handle badly must not end all calls
            log.exception("%s broke the call rules", type(event).__name__)
            error = Broken("broken")
        if isinstance(event, CallAsked | CallFound) and self._floor.call(event.call) is None:
            self._facts.items.pop(event.call, None)
        if waiting is None:
            if isinstance(error, Refused):
                log.debug("%s refused: %s", type(event).__name__, error.code)
        elif not waiting.done():
            if error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(named)

    async def _send(self, event: Event) -> CallId | None:
        self._check_room()
        waiting: asyncio.Future[CallId | None] = asyncio.get_running_loop().create_future()
        self._mailbox.put_nowait((event, waiting))
        return await waiting

    def _check_room(self) -> None:
        if self._closed:
            raise Unavailable("closing")
        if self._mailbox.qsize() >= self._settings.mailbox_size * 3 // 4:
            raise Unavailable("desk_busy")

    async def submit(self, event: Event) -> None:
        """Have an event of a person applied; raises Refused, or Unavailable when too many wait."""
        await self._send(event)

    def post(self, event: Event) -> None:
        """Have an event applied that nobody waits for; one that finds the mailbox full comes again."""
        if self._closed:
            return
        try:
            self._mailbox.put_nowait((event, None))
        except asyncio.QueueFull:
            log.error("mailbox full: %s comes again", type(event).__name__)
            self._later.call_later(AGAIN_SECONDS, lambda: self.post(event))

    # ---- kiosks ----

    async def kiosk_connected(self, kiosk: KioskId) -> None:
        """Take note of a link to a kiosk and send its mirror; raises Refused for unknown and revoked ones."""
        link = self._kiosk_links[kiosk] = object()
        try:
            facts = await self._register.kiosk(kiosk)
        except VWindowError:
            self._kiosk_links.pop(kiosk, None)
            raise
        if self._kiosk_links.get(kiosk) is not link:
            return  # lost while the register was asked, or a newer link does this work
        self._facts.kiosks[kiosk] = facts
        if facts.revoked:
            self._kiosk_links.pop(kiosk, None)
            self.kiosk_revoked(kiosk)
            raise Refused("kiosk_revoked", status=403)
        await self._send(KioskConnected(self._clock.now(), kiosk))

    async def kiosk_lost(self, kiosk: KioskId) -> None:
        """Take note that a kiosk's last link went down."""
        self._kiosk_links.pop(kiosk, None)
        self._hellos.pop(kiosk, None)
        self.post(KioskLost(self._clock.now(), kiosk))

    def kiosk_revoked(self, kiosk: KioskId) -> None:
        """End the call of a kiosk that an admin revoked; signaling ends its link."""
        self.post(KioskRevoked(self._clock.now(), kiosk))

    def kiosk_said_hello(self, kiosk: KioskId, version: str, devices: Mapping[str, str]) -> None:
        """Keep what an agent tells of itself while it is connected."""
        if kiosk in self._kiosk_links:
            self._hellos[kiosk] = (version, dict(devices))

    def tell_kiosk_mirror(self, kiosk: KioskId) -> None:
        """Send a kiosk everything once more."""
        self._perform.mirror_kiosk(kiosk)

    async def ask(
        self, kiosk: KioskId, request: str, city: str, item: int, recording: Literal["accepted", "declined"]
    ) -> CallId:
        """Ask for a call; the same request twice is one call. Return its id; raises Refused."""
        facts = await self._register.item(item, city)
        self._check_room()
        call = self._call_ids()
        self._facts.items[call] = facts
        now = self._clock.now()
        named = await self._send(CallAsked(now, call, kiosk, request, city, item, recording, item_rule(facts)))
        if named is None:
            raise Broken("broken", "an accepted call has an id")
        return named

    # ---- staff ----

    async def staff_connected(self, staff: StaffId) -> None:
        """Take note of a staff member's first console and send its mirror; raises Refused for unknown ones."""
        link = self._staff_links[staff] = object()
        facts = await self._register.staff(staff)
        if self._staff_links.get(staff) is not link:
            return
        self._facts.staff[staff] = facts
        await self._send(StaffConnected(self._clock.now(), staff, ability(facts)))

    async def staff_lost(self, staff: StaffId) -> None:
        """Take note that a staff member's last console went down."""
        self._staff_links.pop(staff, None)
        self.post(StaffLost(self._clock.now(), staff))

    def tell_staff_mirror(self, staff: StaffId) -> None:
        """Send a console everything once more."""
        self._perform.mirror_staff(staff)

    # ---- media ----

    async def offer_from_kiosk(self, kiosk: KioskId, call: CallId, part: Literal["page", "agent"], sdp: str) -> None:
        """Take an offer of a kiosk's page or agent; the answer comes by the outbox. Raises Refused."""
        self._served(call, lambda found: found.kiosk == kiosk)
        self._media.offer(
            call, part, sdp,
            OfferReply(
                lambda answer: self._outbox.kiosk_answer(kiosk, call, part, answer),
                lambda code, again: self._outbox.kiosk_refused(kiosk, call, part, code, again),
            ),
        )  # fmt: skip

    async def offer_from_staff(self, staff: StaffId, call: CallId, sdp: str, console: str = "") -> None:
        """Take an offer of a console; the answer comes by the outbox, for `console` alone if named. Raises Refused."""
        self._served(call, lambda found: found.staff == staff)
        self._media.offer(
            call, "console", sdp,
            OfferReply(
                lambda answer: self._outbox.staff_answer(staff, call, "console", answer, console),
                lambda code, again: self._outbox.staff_refused(staff, call, "console", code, again, console),
            ),
        )  # fmt: skip

    def path_from_kiosk(self, kiosk: KioskId, call: CallId, part: Literal["page", "agent"], path: str) -> None:
        """Take in which way a kiosk's media connection takes. Raises Refused."""
        self._served(call, lambda found: found.kiosk == kiosk)
        self.post(PathFound(self._clock.now(), call, part, path))

    def path_from_staff(self, staff: StaffId, call: CallId, path: str) -> None:
        """Take in which way a console's media connection takes. Raises Refused."""
        self._served(call, lambda found: found.staff == staff)
        self.post(PathFound(self._clock.now(), call, "console", path))

    def _served(self, call: CallId, owns: Callable[[Call], bool]) -> None:
        found = self._floor.call(call)
        if found is None:
            raise Refused("call_unknown", status=404)
        if not owns(found):
            raise Refused("not_your_call", status=403)
        if found.phase not in SERVED:
            raise Refused("not_now")

    # ---- news of the media worker ----

    def peer_changed(self, room: RoomId, part: RoomPart, state: str) -> None:
        """Take in that a media connection is `up`, `silent`, `back` or `gone`."""
        self._peers.changed(CallId(room), part, state)

    def speaker_changed(self, room: RoomId, source: str) -> None:
        """Take in whose voice leads; no rule of a call hangs on it."""
        log.debug("call %s: %s speaks", room, source or "nobody")

    def targets_changed(self, room: RoomId, part: RoomPart, targets: Mapping[str, int]) -> None:
        """Pass on to the console what each of its pictures may have; no rule of a call hangs on it."""
        call = CallId(room)
        found = self._floor.call(call)
        if part == "console" and found is not None and found.staff is not None:
            self._outbox.media_targets(found.staff, call, targets)

    def recording_progress(self, room: RoomId, total: int, recent: int, stalled: bool, paused: bool = False) -> None:
        """Take in what the recording of a room has written."""
        now, call = self._clock.now(), CallId(room)
        if paused:
            self.post(RecordingPaused(now, call, total))
        else:
            self.post(RecordingStalled(now, call, total) if stalled else RecordingWrote(now, call, total, recent))

    def recording_failed(self, room: RoomId, message: str) -> None:
        """Take in that a recording ended by itself; the call goes on."""
        log.error("call %s: recording failed: %s", room, message)
        self.post(RecordingFailed(self._clock.now(), CallId(room)))

    def rooms_lost(self, rooms: Sequence[RoomId]) -> None:
        """Take in that the worker went away with these rooms."""
        for room in rooms:
            self.post(RoomLost(self._clock.now(), CallId(room)))

    # ---- looking ----

    def live(self) -> dict[Phase, int]:
        """Return how many calls are in each phase."""
        return self._mirror.live()

    def kiosks_here(self) -> dict[KioskId, tuple[str, Mapping[str, str]]]:
        """Return the connected kiosks with version and devices, as far as they said hello."""
        return {kiosk: self._hellos.get(kiosk, ("", {})) for kiosk in self._kiosk_links}

    @property
    def stuck_writes(self) -> int:
        """Return how many writes wait for a ledger that failed them; a stop would lose what stays stuck."""
        return self._lanes.stuck

    def staff_states(self) -> dict[StaffId, str]:
        """Return the state of all staff members who are here."""
        return {member.staff: member.state.value for member in self._floor.members()}
