"""Carry out the orders of the call rules: pages are told at once, slow work goes into its lane."""

import logging
from collections.abc import Awaitable, Callable

from vwindow.calls.call import Phase
from vwindow.calls.effects import (
    AdoptRoom,
    CloseRoom,
    Effect,
    Forget,
    MirrorKiosk,
    OpenRoom,
    ReopenRoom,
    ResumeRecording,
    SaveCall,
    SaveCallback,
    SaveEvent,
    SaveRating,
    ShowLight,
    StartRecording,
    StartTimer,
    StopTimer,
    SuspendRecording,
    TellKiosk,
    TellStaff,
    TellStaffCall,
)
from vwindow.calls.floor import Floor
from vwindow.clock import Clock
from vwindow.desk.facts import FactBook
from vwindow.desk.lanes import Lanes, persist
from vwindow.desk.media import Media, ledger_lane
from vwindow.desk.mirror import Mirror
from vwindow.desk.peers import Peers
from vwindow.desk.ports import Ledger, Outbox
from vwindow.desk.settings import DeskSettings
from vwindow.desk.timers import Later, Timers
from vwindow.ids import CallId, KioskId, StaffId

log = logging.getLogger(__name__)


class Performer:
    """Effects to ports, in the order in which they were given."""

    def __init__(
        self,
        floor: Floor,
        facts: FactBook,
        mirror: Mirror,
        outbox: Outbox,
        ledger: Ledger,
        settings: DeskSettings,
        clock: Clock,
        later: Later,
        timers: Timers,
        lanes: Lanes,
        media: Media,
        peers: Peers,
    ) -> None:
        self._floor = floor
        self._facts = facts
        self._mirror = mirror
        self._outbox = outbox
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._later = later
        self._timers = timers
        self._lanes = lanes
        self._media = media
        self._peers = peers
        self._phases: dict[CallId, Phase] = {}
        """What the log was last told of each call."""

    def run(self, effects: list[Effect]) -> None:
        """Carry out all; one that fails does not keep back the others."""
        for effect in effects:
            self._log_phase(getattr(effect, "call", None))
            try:
                self._one(effect)
            except Exception:
                log.exception("%s could not be carried out", type(effect).__name__)

    def _one(self, effect: Effect) -> None:
        match effect:
            case StartTimer():
                self._timers.start(effect)
            case StopTimer(key):
                self._timers.stop(key)
            case TellKiosk(kiosk, call):
                self._tell_kiosk(kiosk, call)
            case MirrorKiosk(kiosk):
                self.mirror_kiosk(kiosk)
            case TellStaff(staff):
                self.mirror_staff(staff)
            case TellStaffCall(staff, call):
                self._tell_staff_call(staff, call)
            case ShowLight(staff, call):
                self._show_light(staff, call)
            case OpenRoom(call):
                self._peers.open(call)
                self._media.open(call)
            case ReopenRoom(call, media):
                self._peers.open(call)
                self._media.reopen(call, media)
            case AdoptRoom(call):
                self._peers.open(call)
                self._media.adopt(call)
            case StartRecording(call):
                self._record(call)
            case SuspendRecording(call, by):
                self._media.suspend(call, by)
            case ResumeRecording(call):
                self._media.suspend(call, ())
            case CloseRoom(call):
                self._peers.forget(call)
                self._media.close(call)
            case Forget(call):
                self._facts.items.pop(call, None)
                self._phases.pop(call, None)
            case _:
                self._save(effect)

    def _log_phase(self, call: CallId | None) -> None:
        """Leave one line in the log for each phase that a call enters."""
        found = self._floor.call(call) if call is not None else None
        if found is None or self._phases.get(found.call) is found.phase:
            return
        self._phases[found.call] = found.phase
        why = f": {found.reason}" if found.reason else ""
        log.info("call is %s%s", found.phase.value, why, extra={"call": found.call, "kiosk": found.kiosk})

    # ---- telling ----

    def _tell_kiosk(self, kiosk: KioskId, call: CallId) -> None:
        shown = self._floor.call_of_kiosk(kiosk)
        if shown is not None and shown.call == call:
            self._outbox.kiosk_call(kiosk, self._mirror.kiosk_call(shown))
        else:
            self.mirror_kiosk(kiosk)

    def mirror_kiosk(self, kiosk: KioskId) -> None:
        """Show a kiosk everything."""
        view = self._mirror.kiosk(kiosk)
        if view is not None:
            self._outbox.kiosk_mirror(kiosk, view)

    def mirror_staff(self, staff: StaffId) -> None:
        """Show a staff member everything."""
        view = self._mirror.staff(staff)
        if view is not None:
            self._outbox.staff_mirror(staff, view)

    def _tell_staff_call(self, staff: StaffId, call: CallId) -> None:
        found = self._floor.call(call)
        if found is not None and found.staff == staff:
            self._outbox.staff_call(staff, self._mirror.staff_call(found))

    def _show_light(self, staff: StaffId, call: CallId) -> None:
        found = self._floor.call(call)
        if found is not None:
            light = found.recording
            self._outbox.recording_light(staff, call, light.state.value, light.bytes_total, light.bytes_recent)

    # ---- slow work ----

    def _record(self, call: CallId) -> None:
        found = self._floor.call(call)
        if found is not None and found.staff is not None:
            centre = self._facts.member(found.staff).centre
            self._media.record(call, centre, found.media_number, found.recording.suspended_by)

    def _save(self, effect: Effect) -> None:
        ledger, now = self._ledger, self._clock.now()
        match effect:
            case SaveCall(call):
                found = self._floor.call_to_save(call)
                if found is not None:
                    record = self._mirror.record(found)
                    self._write(call, "save_call", lambda: ledger.save_call(record), once=True)
            case SaveCallback(call, name, phone):
                self._write(call, "save_callback", lambda: ledger.save_callback(call, name, phone, now))
            case SaveRating(call, grade):
                self._write(call, "save_rating", lambda: ledger.save_rating(call, grade, now))
            case SaveEvent(call, kind, detail, at):
                self._write(call, "save_event", lambda: ledger.save_event(call, kind, dict(detail), at), droppable=True)
            case _:
                log.error("nobody carries out %s", type(effect).__name__)

    def _write(
        self,
        call: CallId,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        once: bool = False,
        droppable: bool = False,
    ) -> None:
        async def job() -> None:
            if droppable:
                await persist(work, self._later, self._settings.write_pauses)
            else:
                await self._lanes.keep(work)

        self._lanes.add(ledger_lane(call), name, job, once=once, droppable=droppable)
