"""A floor with a clock: applies events, keeps the timers that effects start, fires them when time moves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vwindow.calls.call import Call, Phase
from vwindow.calls.effects import Effect, SaveEvent, StartTimer, StopTimer
from vwindow.calls.events import (
    CallAsked,
    Event,
    KioskConnected,
    MediaUp,
    StaffAnswered,
    StaffConnected,
    StaffReady,
)
from vwindow.calls.facts import CallRules, ItemRule, StaffAbility
from vwindow.calls.floor import Floor
from vwindow.calls.roster import Member, StaffState
from vwindow.ids import CallId, KioskId, StaffId

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Stage:
    """Drive a Floor as the desk does; keep every effect."""

    def __init__(self, rules: CallRules | None = None) -> None:
        self.floor = Floor(rules or CallRules())
        self.now = START
        self.timers: dict[str, tuple[datetime, StartTimer]] = {}
        self.stopped: list[StartTimer] = []
        self.effects: list[Effect] = []
        self._asked = 0

    def apply(self, event: Event) -> list[Effect]:
        """Apply an event now; timers must be balanced."""
        effects = self.floor.apply(replace(event, at=self.now))
        for effect in effects:
            if isinstance(effect, StartTimer):
                assert effect.key not in self.timers, f"started twice: {effect.key}"
                assert effect.event.key == effect.key
                self.timers[effect.key] = (self.now + timedelta(seconds=effect.seconds), effect)
            elif isinstance(effect, StopTimer):
                assert effect.key in self.timers, f"stopped but not running: {effect.key}"
                self.stopped.append(self.timers.pop(effect.key)[1])
        self.effects += effects
        return effects

    def advance(self, seconds: float) -> list[Effect]:
        """Move time; timers fire in their order."""
        end = self.now + timedelta(seconds=seconds)
        done: list[Effect] = []
        while self.timers and min(at for at, _ in self.timers.values()) <= end:
            at, timer = min(self.timers.values(), key=lambda entry: (entry[0], entry[1].key))
            del self.timers[timer.key]
            self.now = max(at, self.now)
            done += self.apply(timer.event)
        self.now = end
        return done

    def running(self) -> Iterator[str]:
        """Return the kinds of event that timers wait to post."""
        for _, timer in self.timers.values():
            yield type(timer.event).__name__

    def saved(self, kind: str) -> list[dict[str, str]]:
        """Return the details of the events of a kind that were kept."""
        return [dict(e.detail) for e in self.effects if isinstance(e, SaveEvent) and e.kind == kind]

    # ---- people ----

    def kiosk(self, kiosk: str) -> KioskId:
        """Connect a kiosk."""
        self.apply(KioskConnected(self.now, KioskId(kiosk)))
        return KioskId(kiosk)

    def staff(self, staff: str, *skills: tuple[str, str], post: str = "A", ready: bool = True) -> StaffId:
        """Connect a staff member, ready unless told otherwise; without skills they serve everybody."""
        ability = StaffAbility("B" if post == "B" else "A", frozenset(skills or {("*", "*")}))
        self.apply(StaffConnected(self.now, StaffId(staff), ability))
        if ready:
            self.apply(StaffReady(self.now, StaffId(staff)))
        return StaffId(staff)

    def ask(
        self,
        kiosk: str,
        *,
        city: str = "hefei",
        group: str = "company",
        recording: str = "accepted",
        virtual: bool = True,
        request: str = "",
    ) -> CallId:
        """Connect a kiosk and let it ask; return its call."""
        self._asked += 1
        call = CallId(f"c{self._asked}")
        self.kiosk(kiosk)
        self.apply(
            CallAsked(
                self.now,
                call,
                KioskId(kiosk),
                request or f"r{self._asked}",
                city,
                1,
                "declined" if recording == "declined" else "accepted",
                ItemRule(group, virtual),
            )
        )
        return call

    def answered(self, kiosk: str = "k1", staff: str = "s1") -> CallId:
        """Return a call that staff has answered."""
        if self.floor.member(StaffId(staff)) is None:
            self.staff(staff)
        call = self.ask(kiosk)
        self.apply(StaffAnswered(self.now, call, StaffId(staff)))
        return call

    def talking(self, kiosk: str = "k1", staff: str = "s1") -> CallId:
        """Return a call that is talking."""
        call = self.answered(kiosk, staff)
        self.apply(MediaUp(self.now, call, "kiosk"))
        self.apply(MediaUp(self.now, call, "staff"))
        return call

    # ---- looking ----

    def call(self, call: CallId) -> Call:
        found = self.floor.call(call)
        assert found is not None, f"{call} is forgotten"
        return found

    def phase(self, call: CallId) -> Phase:
        return self.call(call).phase

    def member(self, staff: str) -> Member:
        found = self.floor.member(StaffId(staff))
        assert found is not None, f"{staff} is gone"
        return found

    def state(self, staff: str) -> StaffState:
        return self.member(staff).state
