"""All that the rules remember, and the effects of the event in hand."""

from dataclasses import dataclass, field

from vwindow.calls.call import Call
from vwindow.calls.effects import Effect, MirrorKiosk, SaveCall, SaveEvent, TellKiosk, TellStaff
from vwindow.calls.events import Event, TimerFired
from vwindow.calls.facts import CallRules
from vwindow.calls.line import Line, LineKey
from vwindow.calls.presence import Link
from vwindow.calls.roster import Member, Roster
from vwindow.calls.timers import TimerBook
from vwindow.errors import Refused
from vwindow.ids import CallId, KioskId, StaffId


@dataclass(slots=True)
class Seat:
    """A kiosk and the call whose page it shows."""

    kiosk: KioskId
    link: Link = Link.HERE
    revoked: bool = False
    call: CallId | None = None
    request: str = ""
    """The last request that became a call; it never becomes another one."""


@dataclass(slots=True)
class Books:
    """One owner writes here: `Floor`, through the rules of this package."""

    rules: CallRules
    calls: dict[CallId, Call] = field(default_factory=dict)
    seats: dict[KioskId, Seat] = field(default_factory=dict)
    roster: Roster = field(default_factory=Roster)
    line: Line = field(default_factory=Line)
    timers: TimerBook = field(default_factory=TimerBook)
    closing: bool = False
    order: int = 0
    effects: list[Effect] = field(default_factory=list)
    given: set[Effect] = field(default_factory=set)
    """Effects of the event in hand that are given once."""
    forgotten: dict[CallId, Call] = field(default_factory=dict)
    """Calls that the event in hand dropped: its effects may still have to save them."""
    told_lines: dict[LineKey, tuple[CallId, ...]] = field(default_factory=dict)
    told_places: dict[CallId, tuple[int, int]] = field(default_factory=dict)

    # ---- finding ----

    def kiosk_call(self, call: CallId, kiosk: KioskId) -> Call | None:
        """Return a kiosk's own call, None for one that is forgotten; raises Refused("not_your_call")."""
        found = self.calls.get(call)
        if found is not None and found.kiosk != kiosk:
            raise Refused("not_your_call", status=403)
        return found

    def staff_call(self, call: CallId, staff: StaffId) -> Call | None:
        """Return the call that rings or is served by staff, None for one that is forgotten.

        Raises Refused("not_your_call").
        """
        found = self.calls.get(call)
        if found is not None and found.staff != staff:
            raise Refused("not_your_call", status=403)
        return found

    def member(self, staff: StaffId) -> Member:
        """Return a member; raises Refused("staff_unknown") for one whose console never came."""
        found = self.roster.get(staff)
        if found is None:
            raise Refused("staff_unknown", status=404)
        return found

    def known(self, call: Call | None) -> Call:
        """Return the call; raises Refused("call_unknown") for None."""
        if call is None:
            raise Refused("call_unknown", status=404)
        return call

    # ---- ordering effects ----

    def give(self, *effects: Effect) -> None:
        """Add effects of the event in hand; telling or saving the same thing twice is once."""
        for effect in effects:
            if isinstance(effect, TellKiosk | TellStaff | MirrorKiosk | SaveCall):
                if effect in self.given:
                    continue
                self.given.add(effect)
            self.effects.append(effect)

    def begin(self) -> None:
        """Forget the effects of the last event."""
        self.effects = []
        self.given = set()
        self.forgotten = {}

    def tell(self, call: Call) -> None:
        """Tell both sides of a call."""
        self.give(TellKiosk(call.kiosk, call.call))
        if call.staff is not None:
            self.give(TellStaff(call.staff))

    def note(self, call: Call, kind: str, event: Event, **detail: str) -> None:
        """Keep what happened in a call."""
        self.give(SaveEvent(call.call, kind, tuple(sorted(detail.items())), event.at))

    def start_timer(self, owner: str, kind: str, seconds: float, event: TimerFired) -> None:
        """Start a timer of a call or staff member."""
        self.give(*self.timers.start(owner, kind, seconds, event))

    def stop_timer(self, owner: str, kind: str) -> None:
        """Stop a timer if it runs."""
        self.give(*self.timers.stop(owner, kind))
