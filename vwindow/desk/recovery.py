"""What a start makes of the calls that the last run left open: some go on, the others are shown as cut."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from vwindow.calls.call import SERVED
from vwindow.calls.events import CallCut, CallResumed, Event
from vwindow.calls.facts import StaffAbility
from vwindow.calls.floor import Floor
from vwindow.clock import Clock
from vwindow.desk.facts import FactBook, ability, item_rule
from vwindow.desk.peers import SIDES, Peers
from vwindow.desk.ports import CallRecord, HeldRoom, ItemFacts, Ledger, Register, StaffFacts
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
        facts: FactBook,
        floor: Floor,
        peers: Peers,
        send: Callable[[Event], Awaitable[object]],
    ) -> None:
        self._register = register
        self._ledger = ledger
        self._clock = clock
        self._facts = facts
        self._floor = floor
        self._peers = peers
        self._send = send

    async def run(self, held: Mapping[RoomId, HeldRoom]) -> Recovered:
        """Go on with calls whose rooms are held, end the others and show both sides why."""
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
                await self._cut(record)
            except Refused as error:
                log.warning("call %s cannot be shown as cut: %s", record.call, error.code)
        return Recovered(frozenset(kept), tuple(record.call for record in ended))

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
            )
        )
        found = self._floor.call(record.call)
        if found is None or not found.live:
            return False
        for part in room.up:
            self._peers.changed(record.call, part, "up")
        return True

    async def _cut(self, record: CallRecord) -> None:
        item, staff = await self._look_up(record)
        await self._send(
            CallCut(
                at=record.ended_at or self._clock.now(),
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
