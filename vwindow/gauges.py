"""What /metrics tells of calls, people and media; read when asked, no personal data."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.server import Signaling
from vwindow.desk.dispatcher import Desk
from vwindow.finishing import Finishing
from vwindow.media_pool import MediaPool


class Gauges(Collector):
    """One collector over the running parts."""

    def __init__(
        self, registry: CollectorRegistry, desk: Desk, signaling: Signaling, media: MediaPool, finishing: Finishing
    ) -> None:
        self._desk = desk
        self._signaling = signaling
        self._media = media
        self._finishing = finishing
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        calls = GaugeMetricFamily("vwindow_calls", "Calls in memory by phase.", labels=["phase"])
        for phase, count in self._desk.live().items():
            calls.add_metric([phase.value], count)
        yield calls
        states: dict[str, int] = {}
        for state in self._desk.staff_states().values():
            states[state] = states.get(state, 0) + 1
        staff = GaugeMetricFamily("vwindow_staff", "Staff members by state.", labels=["state"])
        for name, count in sorted(states.items()):
            staff.add_metric([name], count)
        yield staff
        links = GaugeMetricFamily("vwindow_links", "Connected kiosks and consoles.", labels=["kind"])
        for name, count in self._signaling.counts().items():
            links.add_metric([name], count)
        yield links
        yield from self._workers()
        recordings = CounterMetricFamily("vwindow_recordings", "Recordings made or failed.", labels=["result"])
        recordings.add_metric(["ready"], self._finishing.finished)
        recordings.add_metric(["failed"], self._finishing.failed)
        yield recordings

    def _workers(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("vwindow_worker_up", "1 while a media worker takes orders.", labels=["worker"])
        rooms = GaugeMetricFamily("vwindow_worker_rooms", "Rooms of a media worker.", labels=["worker"])
        restarts = CounterMetricFamily("vwindow_worker_restarts", "Media workers started anew.", labels=["worker"])
        media = GaugeMetricFamily("vwindow_media", "Counters of a media worker.", labels=["worker", "name"])
        for link in self._media.links:
            worker = str(link.number)
            up.add_metric([worker], link.up)
            rooms.add_metric([worker], self._media.rooms_of(link))
            restarts.add_metric([worker], link.restarts)
            for name, value in sorted(link.stats.items()):
                media.add_metric([worker, name], value)
        yield from (up, rooms, restarts, media)
