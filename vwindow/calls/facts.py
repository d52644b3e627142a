"""What the rules need to know of people, items and policy; the desk looks it up and hands it in."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class StaffAbility:
    """Whom a staff member can serve: (city, item group) pairs, "*" is every city or every group."""

    post: Literal["A", "B"] = "A"
    skills: frozenset[tuple[str, str]] = frozenset()

    def covers(self, city: str, group: str) -> bool:
        """Say whether a call about `group` of `city` can be served."""
        skills = self.skills
        return (city, group) in skills or (city, "*") in skills or ("*", group) in skills or ("*", "*") in skills


@dataclass(frozen=True, slots=True)
class ItemRule:
    """The group of an item and whether the asked city does it at a virtual window."""

    group: str = ""
    virtual: bool = True


@dataclass(frozen=True, slots=True)
class CallRules:
    """Policy and times of all calls; seconds."""

    recording_policy: Literal["ask", "off"] = "ask"
    on_decline: Literal["call_without", "offline_window"] = "call_without"
    """What a visitor gets who declines recording."""
    ring_seconds: float = 20.0
    choice_seconds: float = 10.0
    """Waiting until the visitor is offered a choice."""
    choice_again_seconds: float = 60.0
    """The same after the visitor chose to wait on."""
    decline_seconds: float = 60.0
    """Until a staff member who declined may be rung again for the same call, if nobody else is there."""
    connect_seconds: float = 20.0
    rejoin_times: int = 3
    """So many rooms lost within `rejoin_seconds` end a call."""
    rejoin_seconds: float = 30.0
    kiosk_grace_seconds: float = 15.0
    staff_grace_seconds: float = 15.0
    suspended_long_seconds: float = 180.0
    """After which the staff member is reminded of a suspended recording."""
    wrap_up_seconds: float = 120.0
    keep_ended_seconds: float = 300.0
    """How long a kiosk keeps the page of an ended call that nobody closes."""
