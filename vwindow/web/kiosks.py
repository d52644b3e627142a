"""Kiosks: the agents' enrolment and challenge, the administrators' list."""

from aiohttp import web

from vwindow.access import may_change_kiosks, may_list_kiosks
from vwindow.errors import Refused
from vwindow.ids import KioskId, WindowId
from vwindow.store.sessions import StaffSession
from vwindow.web.answers import answer
from vwindow.web.bodies import Challenge, Enrol, NewKiosk, read_body
from vwindow.web.parts import PARTS
from vwindow.web.rates import AddressRate
from vwindow.web.sessions import signed_in

ENROLMENTS_PER_MINUTE = 20
CHALLENGES_PER_MINUTE = 240
"""Many kiosks of a centre may share one address."""
_ENROL_RATE = web.AppKey("enrol_rate", AddressRate)
_CHALLENGE_RATE = web.AppKey("challenge_rate", AddressRate)


def add_kiosks(app: web.Application) -> None:
    """Serve /api/kiosk/… for agents and /api/admin/kiosks… for people."""
    app[_ENROL_RATE] = AddressRate(ENROLMENTS_PER_MINUTE)
    app[_CHALLENGE_RATE] = AddressRate(CHALLENGES_PER_MINUTE)
    app.router.add_post("/api/kiosk/enrol", _enrol)
    app.router.add_post("/api/kiosk/challenge", _challenge)
    app.router.add_get("/api/admin/kiosks", _list)
    app.router.add_post("/api/admin/kiosks", _create)
    app.router.add_post("/api/admin/kiosks/{kiosk}/code", _code)
    app.router.add_post("/api/admin/kiosks/{kiosk}/revoke", _revoke)


async def _enrol(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    request.app[_ENROL_RATE].check(request, parts.clock.monotonic())
    body = await read_body(request, Enrol)
    enrolled = await parts.kiosks.enrol(body.code, body.public_key, parts.clock.now())
    await parts.kiosk_enrolled(enrolled.kiosk)
    return answer(enrolled)


async def _challenge(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    request.app[_CHALLENGE_RATE].check(request, parts.clock.monotonic())
    body = await read_body(request, Challenge)
    return answer({"nonce": parts.kiosks.challenge(body.kiosk)})


async def _list(request: web.Request) -> web.Response:
    session = await signed_in(request)
    if not may_list_kiosks(session.viewer.role):
        raise Refused("not_allowed", status=403)
    return answer({"kiosks": await request.app[PARTS].kiosks.listed(session.viewer)})


async def _create(request: web.Request) -> web.Response:
    admin = await _admin(request)
    parts = request.app[PARTS]
    body = await read_body(request, NewKiosk)
    kiosk = await parts.kiosks.create(WindowId(body.window), parts.clock.now(), viewer=admin.viewer)
    return answer({"kiosk": kiosk})


async def _code(request: web.Request) -> web.Response:
    admin = await _admin(request)
    parts = request.app[PARTS]
    kiosk = KioskId(request.match_info["kiosk"])
    return answer(await parts.kiosks.make_code(kiosk, admin.staff, parts.clock.now(), viewer=admin.viewer))


async def _revoke(request: web.Request) -> web.Response:
    admin = await _admin(request)
    parts = request.app[PARTS]
    kiosk = KioskId(request.match_info["kiosk"])
    await parts.kiosks.revoke(kiosk, parts.clock.now(), viewer=admin.viewer)
    await parts.kiosk_revoked(kiosk)
    return answer({"ok": True})


async def _admin(request: web.Request) -> StaffSession:
    session = await signed_in(request)
    if not may_change_kiosks(session.viewer.role):
        raise Refused("not_allowed", status=403)
    return session
