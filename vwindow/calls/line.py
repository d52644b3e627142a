"""Who waits: first come, first served among those whom the same staff could serve."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from vwindow.calls.roster import Roster
from vwindow.ids import CallId

LineKey = tuple[str, str]
"""City and item group."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A waiting call; a call that was rung in vain comes back to the place it had."""

    order: int
    call: CallId = field(compare=False)
    key: LineKey = field(compare=False)


class Line:
    """All waiting calls in the order in which they came."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(tuple(self._places))

    def add(self, order: int, call: CallId, key: LineKey) -> None:
        """Put a call where its order belongs."""
        insort(self._places, Place(order, call, key))

    def remove(self, order: int) -> None:
        """Take a call out; one that is not there is no error."""
        index = bisect_left(self._places, order, key=lambda place: place.order)
        if index < len(self._places) and self._places[index].order == order:
            del self._places[index]

    def by_key(self) -> dict[LineKey, tuple[CallId, ...]]:
        """Return the waiting calls of each city and group."""
        lines: dict[LineKey, list[CallId]] = {}
        for place in self._places:
            lines.setdefault(place.key, []).append(place.call)
        return {key: tuple(calls) for key, calls in lines.items()}

    def positions(self, roster: Roster) -> dict[CallId, int]:
        """Return each call's position, 1 is next: those before it whom the same staff could serve, plus one."""
        able = {place.key: roster.on_duty(*place.key) for place in self._places}
        ahead: dict[LineKey, int] = {}
        found: dict[CallId, int] = {}
        for place in self._places:
            found[place.call] = 1 + sum(
                count for key, count in ahead.items() if key == place.key or not able[key].isdisjoint(able[place.key])
            )
            ahead[place.key] = ahead.get(place.key, 0) + 1
        return found
