"""A room's bandwidth: what viewers' paths carry decides what sources may send."""

from collections.abc import Iterable, Mapping

from vwindow.sfu.allocation import Demand, Supply, allocate, is_text
from vwindow.sfu.egress import Egress
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.peer import Peer

REQUIRED = frozenset({"page", "console", "guest"})
"""Parts whose path may lower a source; an observer or a player of a single stream only loses its own pictures."""
FALL = 0.2
"""How much of a lower use counts at once, each fifth of a second: a screen is still for moments, and goes on."""
RISE = 0.5
PAUSE_TICKS, RESUME_TICKS = 3, 5
"""Judgements in a row, five a second, before a picture pauses or goes on: each time it goes on costs a keyframe."""
TEXT_PAUSE_TICKS = 15
"""The same for a text whose sender is told to send less meanwhile: a keyframe of it is as much as seconds of it."""


class Balance:
    """Measure, decide and tell, several times a second."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._counted: dict[str, int] = {}
        self._used: dict[str, float] = {}
        self._at = 0.0
        self._turns: dict[Egress, int] = {}
        """Slots about to pause or to go on: how many judgements have said so."""
        self.targets: dict[str, int] = {}
        """Bit/s that each picture may be sent with now."""

    def tick(self, peers: Iterable[Peer], sources: Mapping[str, Ingest], now: float) -> None:
        """Set targets of senders, pauses of viewers, and the loss that senders of voices are told."""
        present = {peer.offer.place: peer for peer in peers}
        self._measure(sources, now)
        supplies = {name: Supply(self._ceiling, int(self._used.get(name, 0))) for name in sources}
        demands = {
            place: Demand(
                required=peer.part in REQUIRED,
                estimate=peer.downlink.estimate(now),
                sources=tuple(egress.source.name for egress in peer.egresses if egress.source is not None),
                paused=frozenset(e.source.name for e in peer.egresses if e.source is not None and e.paused),
            )
            for place, peer in present.items()
            if peer.egresses
        }
        allocation = allocate(demands, supplies)
        self.targets = allocation.targets
        before, self._turns = self._turns, {}
        for place, peer in present.items():
            paused = allocation.paused.get(place, frozenset())
            for egress in peer.egresses:
                out = egress.source is not None and egress.source.name in paused
                self._turn(egress, out, before.get(egress, 0) + 1, required=peer.part in REQUIRED)
            peer.downlink.need = allocation.needs.get(place, 0)
            peer.retarget(allocation.targets, self._used)
        for name, source in sources.items():
            source.viewers_loss = _worst(present.values(), name)
            source.target = self.targets.get(name, 0)

    def _turn(self, egress: Egress, paused: bool, turns: int, *, required: bool) -> None:
        """Pause a slot or let it go on once that has been said often enough."""
        if paused == egress.paused:
            return
        text = required and egress.source is not None and is_text(egress.source.name)
        if turns >= ((TEXT_PAUSE_TICKS if text else PAUSE_TICKS) if paused else RESUME_TICKS):
            egress.pause(paused)
        else:
            self._turns[egress] = turns

    def _measure(self, sources: Mapping[str, Ingest], now: float) -> None:
        passed = now - self._at
        self._at = now
        for name, source in sources.items():
            octets = source.octets - self._counted.get(name, source.octets)
            self._counted[name] = source.octets
            if passed > 0:
                before = self._used.get(name, 0.0)
                change = 8 * octets / passed - before
                self._used[name] = before + (RISE if change > 0 else FALL) * change


def _worst(peers: Iterable[Peer], name: str) -> float:
    return max(
        (
            egress.missed
            for peer in peers
            if peer.part in REQUIRED
            for egress in peer.egresses
            if egress.kind == "audio" and egress.source is not None and egress.source.name == name
        ),
        default=0.0,
    )
