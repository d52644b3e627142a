"""Whole calls through networks that let little through, by real firewalls: two network namespaces and a real coturn."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.coturn import SECRET, Coturn, coturn
from tests.namespace import THERE, two_machines, why_not
from tests.pages import ask, chromium, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "can"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="needs coturn"),
]
MEDIA_PORT = 8650


@contextlib.asynccontextmanager
async def talking(
    folder: Path, *, drop_udp: bool, ways: str, settings: dict[str, str]
) -> AsyncIterator[tuple[Stack, Page, Page, Coturn]]:
    """Bring a call up between two pages, with the server behind a wire; `ways`: which addresses of TURN are set."""
    with two_machines() as wires:
        async with coturn(folder, wires.there, THERE, THERE) as turn:
            urls = ",".join(getattr(turn, way) for way in ways.split())
            stack = Stack(
                folder,
                host=THERE,
                before=wires.there,
                settings={
                    "VWINDOW_MEDIA_LISTEN": f"{THERE}:{MEDIA_PORT}",
                    "VWINDOW_TURN_URLS": urls,
                    "VWINDOW_TURN_SECRET": SECRET,
                    "VWINDOW_KIOSK_TURN_CA": str(turn.authority),
                    **settings,
                },
            )
            try:
                await stack.start_server()
                await stack.start_agent()
                if drop_udp:
                    wires.drop_udp()
                trust = f"--unsafely-treat-insecure-origin-as-secure={stack.url}"
                believing = [] if ways == "tls" else ["--ignore-certificate-errors"]
                async with chromium(trust, *believing) as browser:
                    kiosk = await kiosk_page(browser, stack)
                    console = await console_page(browser, stack, "jiaxing-a")
                    await tap(console, "ready")
                    await ask(kiosk)
                    await console.wait_for_selector('[data-testid="ring-card"]')
                    await tap(console, "answer")
                    yield stack, kiosk, console, turn
            finally:
                await stack.stop()


@pytest.mark.parametrize(
    ("drop_udp", "ways", "settings", "paths"),
    [
        # The browsers do not know the authority of the TURN server, the agent does: they have nothing but ICE-TCP.
        pytest.param(True, "tls", {}, ("tcp", "relay_tls", "tcp"), id="ice-tcp"),
        pytest.param(
            True, "udp tcp tls", {"VWINDOW_MEDIA_TCP": "false"}, ("relay_tcp", "relay_tcp", "relay_tcp"), id="turn-tcp"
        ),
        pytest.param(True, "udp tls", {"VWINDOW_MEDIA_TCP": "false"}, ("relay_tls",) * 3, id="turn-tls"),
        pytest.param(False, "udp", {"VWINDOW_TURN_ONLY": "true"}, ("relay_udp",) * 3, id="relay-forced"),
        pytest.param(
            False, "udp tcp tls", {"VWINDOW_TURN_SECRET": "not-what-coturn-has"}, ("udp",) * 3, id="wrong-secret"
        ),
    ],
)
async def test_a_call_takes_the_way_that_is_open(
    tmp_path: Path, drop_udp: bool, ways: str, settings: dict[str, str], paths: tuple[str, str, str]
) -> None:
    async with talking(tmp_path, drop_udp=drop_udp, ways=ways, settings=settings) as (stack, kiosk, console, _):
        try:
            await phase(kiosk, "talking", 20_000)
            await phase(console, "talking")
            for page in (kiosk, console):
                await until(page, "frames().then(n => n > 30)", 20)
                await until(page, "ears().then(e => e > 0.0001)")
            for part, path in zip(("page", "agent", "console"), paths, strict=True):
                shown = f'[data-testid="path-{part}"][data-path="{path}"]'
                await console.wait_for_selector(shown, state="attached", timeout=10_000)
        except Exception:  # whatever it was: what both sides said of it
            shown = await console.eval_on_selector_all("[data-path]", "all => all.map(e => e.dataset)")
            pairs = "vwindowPeer.getStats().then(s => [...s.values()].filter(r => /candidate|transport/.test(r.type)))"
            print(shown, await kiosk.evaluate(pairs), stack.log("agent"), stack.log("server"), sep="\n----\n")
            raise
        wrong = "credentials" in stack.log("agent")
        assert wrong == ("VWINDOW_TURN_SECRET" in settings)
        assert SECRET not in stack.log("server") + stack.log("agent")
