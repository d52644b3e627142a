"""What must hold after every event, whatever came before."""

from collections import Counter, defaultdict

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.fakes.desk_floor import Stage
from vwindow.calls.call import SERVED, Phase
from vwindow.calls.facts import CallRules
from vwindow.calls.presence import Link
from vwindow.calls.roster import WITH_CALL, StaffState
from vwindow.ids import CallId, StaffId

STAFF = [StaffId(f"s{n}") for n in range(3)]


class Promises(RuleBasedStateMachine):
    """A stage, what was counted on it, and the promises."""

    policy = CallRules()

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(self.policy)
        self.names: list[CallId] = []
        self.opened: Counter[CallId] = Counter()
        self.reopened: Counter[CallId] = Counter()
        self.first_media: defaultdict[CallId, int] = defaultdict(lambda: 1)
        self.closed: Counter[CallId] = Counter()
        self.recorded: Counter[CallId] = Counter()
        self.rated: Counter[CallId] = Counter()
        self.callbacks: Counter[CallId] = Counter()
        self.ended: set[CallId] = set()
        self.closing = False

    # ---- what must always hold ----

    @invariant()
    def one_room_per_call(self) -> None:
        for call, count in self.opened.items():
            assert count == 1 and self.recorded[call] in (0, 1 + self.reopened[call])
            found = self.stage.floor.call(call)
            assert found is None or found.media_number == self.first_media[call] + self.reopened[call]
            over = found is None or not found.live
            assert self.closed[call] == (1 if over else 0), f"{call}: room not closed"
        assert set(self.closed) <= set(self.opened)
        assert all(count == 1 for count in self.rated.values())
        assert all(count == 1 for count in self.callbacks.values())

    @invariant()
    def no_visitor_is_lost(self) -> None:
        floor = self.stage.floor
        waiting = {place.call for place in floor.books.line}
        for call in floor.calls():
            seat = floor.seat(call.kiosk)
            assert seat is not None
            assert not call.live or seat.call == call.call, "a live call is what its kiosk shows"
            running = floor.books.timers.running
            assert (call.call in waiting) == (call.phase is Phase.WAITING)
            match call.phase:
                case Phase.WAITING:
                    assert call.choice or running(call.call, "wait")
                    assert floor.position(call) > 0
                case Phase.RINGING:
                    assert running(call.call, "ring")
                case Phase.CONNECTING:
                    assert running(call.call, "connect")
                case Phase.TALKING:
                    assert not running(call.call, "connect")
                case Phase.ENDED:
                    assert call.reason is not None and call.ended_at is not None
                    assert call.closed or running(call.call, "keep")
                    assert not call.wrapping or running(call.call, "wrap_up")
            light = call.recording
            assert not light.suspended_by or (light.running and call.phase in SERVED)
            assert running(call.call, "suspended") == (bool(light.suspended_by) and not light.suspended_long)
            if call.live and seat.link is Link.AWAY:
                assert running(call.call, "kiosk_grace")
            assert not self.closing or not call.live

    @invariant()
    def nobody_waits_beside_a_free_member(self) -> None:
        floor = self.stage.floor
        for place in floor.books.line:
            call = floor.call(place.call)
            assert call is not None
            seat = floor.seat(call.kiosk)
            assert seat is not None
            for member in floor.members():
                if member.free and member.ability.covers(*place.key) and seat.link is Link.HERE:
                    assert call.declined.get(member.staff) is False
                    assert floor.books.timers.running(call.call, f"decline:{member.staff}")

    @invariant()
    def no_staff_member_is_stuck(self) -> None:
        floor = self.stage.floor
        serving: set[CallId] = set()
        for member in floor.members():
            assert (member.call is not None) == (member.state in WITH_CALL)
            assert (member.since is not None) or member.state is not StaffState.READY
            if member.link is Link.AWAY and member.state is not StaffState.WRAP_UP:
                assert floor.books.timers.running(member.staff, "grace")
            if member.call is None:
                continue
            assert member.call not in serving, "two staff members have one call"
            serving.add(member.call)
            call = floor.call(member.call)
            assert call is not None and call.staff == member.staff
            match member.state:
                case StaffState.RINGING:
                    assert call.phase is Phase.RINGING and member.link is Link.HERE
                case StaffState.BUSY:
                    assert call.phase in SERVED
                case StaffState.WRAP_UP:
                    assert call.wrapping and call.phase is Phase.ENDED
        for call in floor.calls():
            if call.phase in (*SERVED, Phase.RINGING) or call.wrapping:
                assert call.call in serving

    @invariant()
    def timers_are_balanced(self) -> None:
        books = self.stage.floor.books
        assert len(books.timers) == len(self.stage.timers)
        assert books.timers.owners() <= {call.call for call in self.stage.floor.calls()} | set(STAFF)
