"""Look at every configured device once: what a technician runs first."""

import asyncio
import json
from dataclasses import asdict

from devices import registry
from devices.errors import DeviceUnavailable, UnknownDriver
from devices.health import Health
from kiosk_agent.relay import choose, remembered, tls_context
from kiosk_agent.settings import Settings

ANSWER_SECONDS = 5.0
GOOD = ("ready", "absent")


async def check(settings: Settings) -> dict[str, Health]:
    """Open each device, take a first picture where it gives some, and return the healths by kind."""
    found = {"face_camera": await _face_camera(settings.camera)}
    if (turn := await _turn(settings)) is not None:
        found["turn"] = turn
    return found


def lines(found: dict[str, Health]) -> list[str]:
    """Write the result for people."""
    return [
        f"{kind:14} {health.state:12} {health.identity or health.code}" + (f"  {health.hint}" if health.hint else "")
        for kind, health in found.items()
    ]


def as_json(found: dict[str, Health]) -> str:
    """Write the result for programs."""
    return json.dumps({kind: asdict(health) for kind, health in found.items()}, ensure_ascii=False)


def exit_code(found: dict[str, Health]) -> int:
    """Return 1 when a device is neither ready nor absent by choice."""
    return 0 if all(health.state in GOOD for health in found.values()) else 1


async def _turn(settings: Settings) -> Health | None:
    """Try the TURN servers of the last call; None where there was none."""
    try:
        context = tls_context(settings.turn_ca)
    except OSError as error:
        return Health("unavailable", "", "turn_ca_unreadable", f"{settings.turn_ca}: {error.strerror or error}")
    relays = remembered(settings.data_dir)
    if not relays:
        return None
    found = await choose(relays, context)
    hint = ", ".join(f"{url}: {why}" for url, why in found.failures.items())
    if found.relay is None:
        return Health("unavailable", "", "turn_unreachable", hint)
    return Health("ready", found.relay.url, "", hint)


async def _face_camera(written: str) -> Health:
    try:
        camera = registry.face_camera(written)
    except DeviceUnavailable as error:
        return Health("unavailable", "", error.code, error.hint)
    except (UnknownDriver, ValueError) as error:
        return Health("unavailable", "", "bad_configuration", str(error))
    settled = asyncio.Event()
    camera.start(lambda health: settled.set() if health.state != "starting" else None)
    feed = camera.feed()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await settled.wait()
            if camera.health.state == "ready":
                await feed.next()
        return camera.health
    except TimeoutError:
        return Health("unavailable", camera.health.identity, "no_pictures", "the camera sends nothing")
    finally:
        feed.close()
        await camera.close()
