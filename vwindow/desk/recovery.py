"""What a start makes of the calls of the last run: some go on, others are cut, and those that had just ended are shown.

Who was about to rate a call, or to note its outcome, still can.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from vwindow.calls.call import SERVED
from vwindow.calls.events import CallCut, CallResumed, Event
from vwindow.calls.facts import CallRules, StaffAbility
from vwindow.calls.floor import Floor
from vwindow.clock import Clock
from vwindow.desk.facts import FactBook, ability, item_rule
from vwindow.desk.peers import SIDES, Peers
from vwindow.desk.ports import CallRecord, EndedCall, HeldRoom, ItemFacts, Ledger, Register, StaffFacts
from vwindow.errors import Refused
from vwindow.ids import CallId, RoomId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of the calls that were open."""

    kept: frozenset[CallId]
    cut: tuple[CallId, ...]


class Recovery:
    """Run once, before anybody is connected."""

    def __init__(
        self,
        register: Register,
        ledger: Ledger,
        clock: Clock,
        rules: CallRules,
        facts: FactBook,
        floor: Floor,
        peers: Peers,
        send: Callable[[Event], Awaitable[object]],
    ) -> None:
        self._register = register
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._facts = facts
        self._floor = floor
        self._peers = peers
        self._send = send

    async def run(self, held: Mapping[RoomId, HeldRoom]) -> Recovered:
        """Go on with calls whose rooms are held, end the others and show both sides why."""
        await self._show_ended()
        kept: set[CallId] = set()
        for record in await self._ledger.open_calls():
            room = held.get(RoomId(record.call))
            if room is None or record.phase not in SERVED or record.staff is None or record.answered_at is None:
                continue
            try:
                if await self._resume(record, room):
                    kept.add(record.call)
            except Refused as error:
                log.warning("call %s cannot go on: %s", record.call, error.code)
        ended = await self._ledger.end_open_calls("server_restarted", self._clock.now(), kept)
        for record in ended:
            try:
                await self._cut(EndedCall(record))
            except Refused as error:
                log.warning("call %s cannot be shown as cut: %s", record.call, error.code)
        return Recovered(frozenset(kept), tuple(record.call for record in ended))

    async def _show_ended(self) -> None:
        """Show calls again that ended a short while ago; of each kiosk the newest one has the page."""
        since = self._clock.now() - timedelta(seconds=self._rules.keep_ended_seconds)
        ended = await self._ledger.ended_calls(since)
        newest = {one.record.kiosk: one.record.call for one in ended}
        for one in ended:
            record = one.record
            left = one.closed or newest[record.kiosk] != record.call
            wrapped = record.answered_at is None or record.outcome is not None or one.wrap_up_over
            if left and wrapped:
                continue
            try:
                await self._cut(one, page_left=left)
            except Refused as error:
                log.warning("call %s cannot be shown again: %s", record.call, error.code)

    async def _resume(self, record: CallRecord, room: HeldRoom) -> bool:
        item, staff = await self._look_up(record)
        await self._send(
            CallResumed(
                at=self._clock.now(),
                call=record.call,
                kiosk=record.kiosk,
                request=record.request,
                city=record.city,
                item=record.item,
                recording=record.recording,
                asked_at=record.asked_at,
                answered_at=record.answered_at,
                staff=record.staff,
                rule=item_rule(item),
                ability=ability(staff) if staff is not None else StaffAbility(),
                media=room.media,
                talking=record.phase == "talking" and room.up >= SIDES.keys(),
                suspended_by=room.suspended_by,
            )
        )
        found = self._floor.call(record.call)
        if found is None or not found.live:
            return False
        for part in room.up:
            self._peers.changed(record.call, part, "up")
        return True

    async def _cut(self, ended: EndedCall, *, page_left: bool = False) -> None:
        record = ended.record
        item, staff = await self._look_up(record)
        await self._send(
            CallCut(
                at=self._clock.now(),
                call=record.call,
                kiosk=record.kiosk,
                request=record.request,
                city=record.city,
                item=record.item,
                recording=record.recording,
                asked_at=record.asked_at,
                answered_at=record.answered_at,
                staff=record.staff,
                rule=item_rule(item),
                ability=ability(staff) if staff is not None else StaffAbility(),
                reason=record.reason or "server_restarted",
                ended_at=record.ended_at,
                outcome=record.outcome,
                note=record.note,
                rated=ended.rated,
                page_left=page_left,
                wrapped_up=ended.wrap_up_over,
            )
        )

    async def _look_up(self, record: CallRecord) -> tuple[ItemFacts, StaffFacts | None]:
        """Fill the fact book; raises Refused for whom the register no longer has."""
        kiosk = await self._register.kiosk(record.kiosk)
        item = await self._register.item(record.item, record.city)
        staff = await self._register.staff(record.staff) if record.staff is not None else None
        self._facts.kiosks[record.kiosk] = kiosk
        self._facts.items[record.call] = item
        if staff is not None:
            self._facts.staff[staff.staff] = staff
        return item, staff
