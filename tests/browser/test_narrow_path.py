"""A real call whose paths become narrow: the console's pictures get their shares, and all of it again."""

from pathlib import Path

import pytest

from tests.bench.narrow import Relay
from tests.browser.test_call import STAFF, talk
from tests.pages import ask, chromium, console_page, kiosk_page, tap, until
from tests.stack import Stack

pytestmark = pytest.mark.browser
AROUND = "127.0.0.2"
MOST = """
(() => {
  const face = window.vwindowPeer.getSenders().filter(each => each.track?.kind === 'video')[0];
  return face ? face.getParameters().encodings[0].maxBitrate : null;
})()
"""


async def test_a_consoles_encodings_follow_what_the_worker_says(tmp_path: Path) -> None:
    house = Stack(tmp_path, settings={"VWINDOW_MEDIA_ANNOUNCE": AROUND, "VWINDOW_MEDIA_TCP": "false"})
    relay = Relay(AROUND, house.media_port, ("127.0.0.1", house.media_port), 0.0, 0.01, 0.0)
    try:
        await house.start_server()
        await house.start_agent()
        async with chromium() as browser:
            kiosk, console = await kiosk_page(browser, house), await console_page(browser, house, STAFF)
            await tap(console, "ready")
            await ask(kiosk)
            await talk(kiosk, console)
            await until(console, f"{MOST} >= 1_000_000")
            relay.limit(300_000)
            await until(console, f"{MOST} < 400_000", 20)
            relay.limit(0)
            await until(console, f"{MOST} > 600_000", 45)
    finally:
        relay.close()
        await house.stop()
