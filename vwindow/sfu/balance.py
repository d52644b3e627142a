"""A room's bandwidth: what viewers' paths carry decides what sources may send."""

from collections.abc import Iterable, Mapping

from vwindow.sfu.allocation import Demand, Supply, allocate
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.peer import Peer

REQUIRED = frozenset({"page", "console", "guest"})
"""Parts whose path may lower a source; an observer or a player of a single stream only loses its own pictures."""
SMOOTH = 0.5


class Balance:
    """Measure, decide and tell, several times a second."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._counted: dict[str, int] = {}
        self._used: dict[str, float] = {}
        self._at = 0.0
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
        for place, peer in present.items():
            paused = allocation.paused.get(place, frozenset())
            for egress in peer.egresses:
                egress.pause(egress.source is not None and egress.source.name in paused)
            peer.downlink.need = allocation.needs.get(place, 0)
            peer.retarget(allocation.targets, now)
        for name, source in sources.items():
            source.viewers_loss = _worst(present.values(), name)

    def _measure(self, sources: Mapping[str, Ingest], now: float) -> None:
        passed = now - self._at
        self._at = now
        for name, source in sources.items():
            octets = source.octets - self._counted.get(name, source.octets)
            self._counted[name] = source.octets
            if passed > 0:
                before = self._used.get(name, 0.0)
                self._used[name] = before + SMOOTH * (8 * octets / passed - before)


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
