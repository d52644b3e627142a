"""Who can take a call.

Rules: a staff member has at most one call. Only who is `ready` and whose console is there is rung: post A before
post B, then whoever has been ready longest. A ring that ends without fault of theirs leaves them their place.
All changes of state are in MOVES.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vwindow.calls.facts import StaffAbility
from vwindow.calls.presence import Link
from vwindow.errors import Broken
from vwindow.ids import CallId, StaffId


class StaffState(StrEnum):
    OFF = "off"
    READY = "ready"
    BREAK = "break"
    RINGING = "ringing"
    BUSY = "busy"
    WRAP_UP = "wrap_up"


S = StaffState
MOVES: dict[StaffState, frozenset[StaffState]] = {
    S.OFF: frozenset({S.READY, S.BREAK, S.WRAP_UP, S.BUSY}),
    S.READY: frozenset({S.OFF, S.BREAK, S.RINGING}),
    S.BREAK: frozenset({S.OFF, S.READY}),
    S.RINGING: frozenset({S.READY, S.BREAK, S.OFF, S.BUSY}),
    S.BUSY: frozenset({S.WRAP_UP}),
    S.WRAP_UP: frozenset({S.READY, S.BREAK, S.OFF}),
}
"""`off` to `busy` or `wrap_up` happens only after a restart of the server, for a call that goes on or was cut."""

WITH_CALL = frozenset({S.RINGING, S.BUSY, S.WRAP_UP})
ON_DUTY = frozenset({S.READY, S.RINGING, S.BUSY, S.WRAP_UP})


@dataclass(slots=True)
class Member:
    """A staff member who is signed in, or whose last call is not wrapped up."""

    staff: StaffId
    ability: StaffAbility
    state: StaffState = StaffState.OFF
    link: Link = Link.HERE
    since: datetime | None = None
    """Ready since; kept through a ring that was taken back."""
    call: CallId | None = None
    after: StaffState = StaffState.READY
    """What follows the present call."""
    pause: str = ""
    """Why on break; `no_answer` when the desk decided it."""

    def move(self, state: StaffState, call: CallId | None = None) -> None:
        """Change state; a state with a call needs one, the others end it."""
        if state not in MOVES[self.state] or (state in WITH_CALL) != (call is not None):
            raise Broken("staff_move", f"{self.staff}: {self.state} to {state}, call {call}")
        self.state = state
        self.call = call
        if state is not StaffState.BREAK:
            self.pause = ""

    @property
    def free(self) -> bool:
        """Whether they can be rung now."""
        return self.state is StaffState.READY and self.link is Link.HERE


class Roster:
    """All members by name."""

    def __init__(self) -> None:
        self._members: dict[StaffId, Member] = {}

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members.values()))

    def get(self, staff: StaffId) -> Member | None:
        """Return a member, or None."""
        return self._members.get(staff)

    def add(self, member: Member) -> None:
        """Take in a member."""
        self._members[member.staff] = member

    def drop(self, staff: StaffId) -> None:
        """Let a member go who is off, away and without a call."""
        self._members.pop(staff, None)

    def anybody_free(self) -> bool:
        """Say whether looking for somebody is worth it."""
        return any(member.free for member in self._members.values())

    def pick(self, city: str, group: str, declined: Mapping[StaffId, bool]) -> Member | None:
        """Choose whom to ring.

        Who declined this call (`declined`) comes only when nobody else is free, and only if the value says that
        it is long enough ago.
        """
        best: tuple[tuple[bool, str, datetime, StaffId], Member] | None = None
        for member in self._members.values():
            if not member.free or member.since is None or not member.ability.covers(city, group):
                continue
            if declined.get(member.staff) is False:
                continue
            rank = (member.staff in declined, member.ability.post, member.since, member.staff)
            if best is None or rank < best[0]:
                best = (rank, member)
        return best[1] if best else None

    def on_duty(self, city: str, group: str) -> frozenset[StaffId]:
        """Return who could take such a call, busy or free."""
        return frozenset(
            member.staff
            for member in self._members.values()
            if member.state in ON_DUTY and member.ability.covers(city, group)
        )
