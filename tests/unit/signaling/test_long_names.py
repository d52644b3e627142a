"""Texts of the register that are longer than the wire takes: shortened, not the end of a page."""

import asyncio

from signaling.outbox import SocketOutbox
from tests.fakes.desk_house import K1
from tests.fakes.front_door import front_door
from vwindow.desk.views import KioskCallView, KioskView, StaffCardView

LONG = "长" * 200


async def test_a_kiosk_under_long_names_gets_its_mirror() -> None:
    async with front_door() as door:
        session = await door.kiosk()
        now = door.inside.clock.now()
        call = KioskCallView(
            door.inside.desk._call_ids(), "ringing", "hefei", 1, 0, 1, False, StaffCardView(LONG, LONG, LONG),
            "starting", (), 1, now, None, None, None,
        )  # fmt: skip
        outbox = SocketOutbox(door.server)
        pump = asyncio.create_task(outbox.run())
        outbox.kiosk_mirror(K1, KioskView(K1, "songjiang", LONG, LONG, LONG, "ask", "call_without", call, now))
        await outbox._queue.join()
        pump.cancel()
        (mirror,) = session.events("kiosk.mirror")
        assert {len(mirror[key]) for key in ("centre", "window", "hours")} == {64}
        assert mirror["centre"] == "长" * 63 + "…"
        assert mirror["call"]["asked"]["name"] == mirror["centre"]
