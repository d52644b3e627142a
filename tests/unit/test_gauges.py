"""What /metrics tells of the media workers: each one by its number."""

from pathlib import Path
from typing import cast

from prometheus_client import CollectorRegistry, generate_latest

from signaling.server import Signaling
from tests.fakes.desk_house import house
from vwindow.finishing import Finishing
from vwindow.gauges import Gauges
from vwindow.media_pool import MediaPool


class Links:
    """Has the shape that the gauges need of signaling."""

    def counts(self) -> dict[str, int]:
        return {"kiosk": 2}


class Finished:
    """Has the shape that the gauges need of the finishing."""

    finished = 3
    failed = 1


async def test_each_worker_has_its_own_series(tmp_path: Path) -> None:
    pool = MediaPool(tmp_path, [[], []])
    pool.links[1].stats = {"packets": 7.0}
    pool.links[1].restarts = 2
    registry = CollectorRegistry()
    async with house() as h:
        Gauges(registry, h.desk, cast(Signaling, Links()), pool, cast(Finishing, Finished()))
        text = generate_latest(registry).decode()
    for line in (
        'vwindow_worker_up{worker="1"} 0.0',
        'vwindow_worker_rooms{worker="2"} 0.0',
        'vwindow_worker_restarts_total{worker="2"} 2.0',
        'vwindow_media{name="packets",worker="2"} 7.0',
        'vwindow_recordings_total{result="ready"} 3.0',
    ):
        assert line in text, text
