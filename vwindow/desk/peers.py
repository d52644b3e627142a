"""Which media connections of a call are up: the worker speaks of connections, the call rules of sides."""

from collections.abc import Callable

from vwindow.calls.events import Event, MediaLost, MediaUp, Side
from vwindow.clock import Clock
from vwindow.desk.ports import RoomPart
from vwindow.ids import CallId

SIDES: dict[RoomPart, Side] = {"page": "kiosk", "agent": "kiosk", "console": "staff"}
PARTS: dict[Side, frozenset[RoomPart]] = {
    side: frozenset(part for part, owner in SIDES.items() if owner == side) for side in set(SIDES.values())
}


class Peers:
    """Turn news of connections into MediaUp and MediaLost; a side is up when all its connections are."""

    def __init__(self, clock: Clock, post: Callable[[Event], None]) -> None:
        self._clock = clock
        self._post = post
        self._up: dict[CallId, set[RoomPart]] = {}

    def open(self, call: CallId) -> None:
        """Begin to keep the connections of a call."""
        self._up[call] = set()

    def forget(self, call: CallId) -> None:
        """End it."""
        self._up.pop(call, None)

    def changed(self, call: CallId, part: RoomPart, state: str) -> None:
        """Take in `up`, `silent`, `back` or `gone`; silence alone ends nothing."""
        up, side = self._up.get(call), SIDES.get(part)
        if up is None or side is None:  # no call hangs on a guest or an observer
            return
        if state in ("up", "back"):
            if part not in up:
                up.add(part)
                if up >= PARTS[side]:
                    self._post(MediaUp(self._clock.now(), call, side))
        elif state == "gone":
            up.discard(part)
            self._post(MediaLost(self._clock.now(), call, side))
