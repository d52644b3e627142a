"""The rooms of calls: opened, recorded, closed in order; offers answered beside that order.

An offer waits only for its room to be open, never for the recording's row in the ledger.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from vwindow.calls.events import Event, RecordingFailed, RoomLost, Side
from vwindow.clock import Clock
from vwindow.desk.lanes import Lanes, persist
from vwindow.desk.ports import Ledger, Part, RecordingOrder, RoomAnswer, Rooms
from vwindow.desk.settings import DeskSettings
from vwindow.desk.timers import Later, pause
from vwindow.errors import Refused, Unavailable, VWindowError
from vwindow.ids import CallId, CentreId, RoomId
from vwindow.tasks import TaskSet

log = logging.getLogger(__name__)

SUSPEND_AGAIN_SECONDS = 0.5


def ledger_lane(call: CallId) -> str:
    """Name the lane in which a call's writes go to the ledger."""
    return f"ledger:{call}"


@dataclass(slots=True)
class RoomWork:
    """What is under way for one room."""

    opened: asyncio.Future[bool]
    closed: bool = False
    replaced: bool = False
    """The worker lost the room, and another one is opened."""
    last_offer: Counter[Part] = field(default_factory=Counter)
    in_hand: Counter[Part] = field(default_factory=Counter)
    suspended_by: tuple[Side, ...] = ()
    """Who wants nothing kept, as of now: an order that is carried out later reads it then."""


@dataclass(frozen=True, slots=True)
class OfferReply:
    """Where the answer to an offer goes."""

    answered: Callable[[RoomAnswer], None]
    refused: Callable[[str, bool], None]


class Media:
    """All rooms that calls have; the id of a room is that of its call."""

    def __init__(
        self,
        rooms: Rooms,
        ledger: Ledger,
        settings: DeskSettings,
        clock: Clock,
        later: Later,
        tasks: TaskSet,
        lanes: Lanes,
        post: Callable[[Event], None],
    ) -> None:
        self._rooms = rooms
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._later = later
        self._tasks = tasks
        self._lanes = lanes
        self._post = post
        self._works: dict[CallId, RoomWork] = {}
        self._orders: dict[CallId, RecordingOrder] = {}
        """Recordings that are open; one goes on through several rooms of its call."""

    def __len__(self) -> int:
        return len(self._works)

    def open(self, call: CallId, media: int = 1) -> None:
        """Open the room of a call; if that fails the room is lost."""
        work = RoomWork(asyncio.get_running_loop().create_future())
        self._works[call] = work
        self._open(call, work, media)

    def reopen(self, call: CallId, media: int) -> None:
        """Open another room in the place of one that was lost; what was under way for that one is void."""
        lost = self._works.pop(call)
        lost.replaced = True
        self.open(call, media)

    def adopt(self, call: CallId) -> None:
        """Go on with a room that a worker has kept."""
        work = RoomWork(asyncio.get_running_loop().create_future())
        work.opened.set_result(True)
        self._works[call] = work

    def _open(self, call: CallId, work: RoomWork, media: int) -> None:
        async def job() -> None:
            if work.replaced:
                work.opened.set_result(False)
                return
            try:
                await self._rooms.open(RoomId(call), media)
            except Exception as error:  # noqa: BLE001 - an edge: whatever it was, there is no room
                log.error("call %s: no room: %r", call, error)
                self._post(RoomLost(self._clock.now(), call))
                work.opened.set_result(False)
            else:
                work.opened.set_result(True)

        self._lanes.add(f"room:{call}", "open", job)

    def record(self, call: CallId, centre: CentreId, part: int = 1, suspended_by: tuple[Side, ...] = ()) -> None:
        """Record the room of a call; if that fails the light says so and the call goes on."""
        work = self._works[call]
        work.suspended_by = suspended_by

        async def job() -> None:
            if work.replaced or not work.opened.result():
                return
            try:
                async with asyncio.timeout(self._settings.ledger_seconds):
                    await self._lanes.flush(ledger_lane(call))
                at = self._clock.now()
                order = self._orders[call] = await persist(
                    lambda: self._ledger.open_recording(call, centre, at, part),
                    self._later,
                    self._settings.write_pauses,
                )
                if not work.closed and not work.replaced:
                    await self._rooms.record(RoomId(call), order, work.suspended_by)
            except Exception as error:  # noqa: BLE001 - an edge: a recording that fails never ends the call
                log.error("call %s: not recorded: %r", call, error)
                if self._works.get(call) is not work:
                    return
                self._post(RecordingFailed(self._clock.now(), call))

        self._lanes.add(f"room:{call}", "record", job)

    def suspend(self, call: CallId, by: tuple[Side, ...]) -> None:
        """Have nothing kept while somebody is named; the light shows what the worker really does."""
        work = self._works[call]
        work.suspended_by = by

        async def job() -> None:
            # A room that is still to be opened learns it with the order to record.
            if work.replaced or work.closed or not work.opened.done() or not work.opened.result():
                return
            try:
                await self._suspend(call, work)
            except VWindowError as error:
                log.error("call %s: recording not %s: %s", call, "suspended" if by else "resumed", error.code)

        self._lanes.add(f"room:{call}", "suspend", job, once=True)

    async def _suspend(self, call: CallId, work: RoomWork) -> None:
        """Tell the worker, again and again while it is not reached: what is secret must not depend on a broken line."""
        told = False
        while not work.replaced and not work.closed:
            try:
                await self._rooms.suspend(RoomId(call), work.suspended_by)
            except Unavailable as error:
                if not told:
                    log.warning("call %s: the worker does not know yet what to keep: %s", call, error.code)
                told = True
                await pause(self._later, SUSPEND_AGAIN_SECONDS)
            else:
                return

    def close(self, call: CallId) -> None:
        """Close the room of a call and its recording."""
        work = self._works.pop(call)
        work.closed = True

        async def job() -> None:
            try:
                await self._rooms.close(RoomId(call))
            except VWindowError as error:
                # The worker is gone; what it wrote is whole up to its last block.
                log.warning("call %s: room not closed: %s", call, error.code)
            finally:
                order = self._orders.pop(call, None)
                if order is not None:
                    recording, at = order.recording, self._clock.now()
                    await self._lanes.keep(lambda: self._ledger.close_recording(recording, at))

        self._lanes.add(f"room:{call}", "close", job)

    def offer(self, call: CallId, part: Part, sdp: str, reply: OfferReply) -> None:
        """Have an offer answered; a newer one of the same connection makes an older answer void.

        Raises Refused("not_now") without a room and Unavailable("too_many_offers").
        """
        work = self._works.get(call)
        if work is None:
            raise Refused("not_now")
        if work.in_hand[part] >= self._settings.offers_at_once:
            raise Unavailable("too_many_offers")
        work.in_hand[part] += 1
        work.last_offer[part] += 1
        number = work.last_offer[part]
        self._tasks.start(self._answer(call, work, part, number, sdp, reply), f"offer:{call}:{part}")

    async def _answer(self, call: CallId, work: RoomWork, part: Part, number: int, sdp: str, reply: OfferReply) -> None:
        code, retryable = "", False
        answer: RoomAnswer | None = None
        try:
            async with asyncio.timeout(self._settings.offer_seconds):
                if not await asyncio.shield(work.opened):
                    raise Unavailable("worker_lost")
                if work.closed:
                    raise Refused("call_ended")
                answer = await self._rooms.answer(RoomId(call), part, sdp)
        except VWindowError as error:
            code, retryable = error.code, error.retryable
        except TimeoutError:
            code, retryable = "worker_lost", True
        except Exception:  # an edge: the page must hear of it, whatever it was
            log.exception("call %s: offer of %s failed", call, part)
            code = "broken"
        finally:
            work.in_hand[part] -= 1
        if number != work.last_offer[part] or work.replaced:
            return
        if answer is not None and not work.closed:
            reply.answered(answer)
        elif code:
            reply.refused(code, retryable)
