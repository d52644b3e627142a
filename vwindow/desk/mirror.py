"""Build what the pages are shown, and what the ledger keeps, from the calls as they are now."""

from datetime import datetime

from vwindow.calls.call import SERVED, Call, Phase
from vwindow.calls.events import Side
from vwindow.calls.floor import Floor
from vwindow.calls.roster import StaffState
from vwindow.clock import Clock
from vwindow.desk.facts import FactBook
from vwindow.desk.ports import CallRecord, Relays
from vwindow.desk.settings import DeskSettings
from vwindow.desk.views import (
    IceServerView,
    KioskCallView,
    KioskView,
    LineEntryView,
    PathView,
    StaffCallView,
    StaffCardView,
    StaffView,
)
from vwindow.ids import KioskId, StaffId

CONNECTING = frozenset({Phase.RINGING, *SERVED})
"""Phases in which a side makes its media connection, or makes one ready: it is told the way, and no longer."""

LINE_LENGTH = 200
"""Entries of the line that a console is shown; the wire takes no more."""


class Mirror:
    """Views of one floor."""

    def __init__(
        self, floor: Floor, facts: FactBook, settings: DeskSettings, clock: Clock, relays: Relays | None = None
    ) -> None:
        self._relays = relays
        self._floor = floor
        self._facts = facts
        self._settings = settings
        self._clock = clock

    def kiosk(self, kiosk: KioskId) -> KioskView | None:
        """Return all that a kiosk page needs; None for a kiosk that was never here."""
        facts = self._facts.kiosks.get(kiosk)
        if facts is None:
            return None
        call = self._floor.call_of_kiosk(kiosk)
        return KioskView(
            kiosk=kiosk,
            city=facts.city,
            centre=facts.centre_name,
            window=facts.window_name,
            hours=facts.hours,
            recording_policy=self._settings.recording_policy,
            on_decline=self._settings.on_decline,
            call=self.kiosk_call(call) if call is not None else None,
            server_time=self._clock.now(),
        )

    def kiosk_call(self, call: Call) -> KioskCallView:
        """Return a call as its kiosk may see it."""
        return KioskCallView(
            call=call.call,
            phase=call.phase.value,
            city=call.city,
            item=call.item,
            position=self._floor.position(call),
            ready_staff=self._floor.ready_staff(call),
            choice=call.choice,
            asked=self._card(call.staff),
            recording=call.recording.state.value,
            suspended_by=call.recording.suspended_by,
            media=call.media_number,
            ice_servers=self._ice_servers(call, "kiosk"),
            relay_only=self._settings.relay_only,
            asked_at=call.asked_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            reason=call.reason,
        )

    def _ice_servers(self, call: Call, side: Side) -> tuple[IceServerView, ...]:
        if self._relays is None or call.phase not in CONNECTING:
            return ()
        return self._relays.for_side(call.call, side, self._clock.now())

    def _card(self, staff: StaffId | None) -> StaffCardView | None:
        facts = self._facts.staff.get(staff) if staff is not None else None
        return StaffCardView(facts.name, facts.number, facts.centre_name) if facts is not None else None

    def staff(self, staff: StaffId) -> StaffView | None:
        """Return all that a console needs; None for somebody who is not here."""
        member = self._floor.member(staff)
        facts = self._facts.staff.get(staff)
        if member is None or facts is None:
            return None
        call = self._floor.call(member.call) if member.call is not None else None
        line = self._floor.line_for(member)[:LINE_LENGTH]
        return StaffView(
            staff=staff,
            name=facts.name,
            number=facts.number,
            centre=facts.centre_name,
            state=member.state.value,
            line=tuple(self._line_entry(waiting) for waiting in line),
            call=self.staff_call(call) if call is not None else None,
            server_time=self._clock.now(),
        )

    def _line_entry(self, call: Call) -> LineEntryView:
        return LineEntryView(
            call=call.call,
            kiosk_city=self._facts.kiosk(call.kiosk).city,
            city=call.city,
            item=call.item,
            item_name=self._facts.item(call.call).name,
            asked_at=call.asked_at,
        )

    def staff_call(self, call: Call) -> StaffCallView:
        """Return a call as the staff member may see it who is rung or serves it."""
        kiosk = self._facts.kiosk(call.kiosk)
        member = self._floor.member(call.staff) if call.staff is not None else None
        return StaffCallView(
            call=call.call,
            phase=call.phase.value,
            kiosk=call.kiosk,
            kiosk_city=kiosk.city,
            kiosk_centre=kiosk.centre_name,
            city=call.city,
            item=call.item,
            item_name=self._facts.item(call.call).name,
            waited=max(0.0, (self._waited_until(call) - call.asked_at).total_seconds()),
            recording=call.recording.state.value,
            recording_bytes=call.recording.bytes_total,
            suspended_by=call.recording.suspended_by,
            suspended_long=call.recording.suspended_long,
            media=call.media_number,
            ice_servers=self._ice_servers(call, "staff"),
            relay_only=self._settings.relay_only,
            paths=tuple(PathView(part, path) for part, path in sorted(call.paths.items())),
            asked_at=call.asked_at,
            ring_ends_at=call.ring_ends_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            reason=call.reason,
            wrap_up=member is not None and member.state is StaffState.WRAP_UP and member.call == call.call,
        )

    def _waited_until(self, call: Call) -> datetime:
        return call.answered_at or call.ended_at or self._clock.now()

    def record(self, call: Call) -> CallRecord:
        """Return a call as the ledger keeps it."""
        staff = call.served_by
        return CallRecord(
            call=call.call,
            centre=self._facts.member(staff).centre if staff is not None else None,
            kiosk=call.kiosk,
            kiosk_centre=self._facts.kiosk(call.kiosk).centre,
            city=call.city,
            item=call.item,
            request=call.request,
            phase=call.phase.value,
            recording=call.consent,
            asked_at=call.asked_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            staff=staff,
            reason=call.reason,
            outcome=call.outcome,
            note=call.note,
        )

    def live(self) -> dict[Phase, int]:
        """Return how many calls are in each phase."""
        counts = dict.fromkeys(Phase, 0)
        for call in self._floor.calls():
            counts[call.phase] += 1
        return counts
