"""Signing in and out, and who asks."""

from typing import Any

from aiohttp import web

from vwindow.access import SESSION_TIME
from vwindow.errors import Refused
from vwindow.store.sessions import StaffSession
from vwindow.web.answers import answer
from vwindow.web.bodies import Nothing, SignIn, read_body
from vwindow.web.parts import PARTS
from vwindow.web.rates import AddressRate, network_of
from vwindow.web.security import COOKIE

SIGN_INS_PER_MINUTE = 20
_RATE = web.AppKey("sign_in_rate", AddressRate)


def add_sessions(app: web.Application) -> None:
    """Serve /api/sign-in, /api/sign-out and /api/me."""
    app[_RATE] = AddressRate(SIGN_INS_PER_MINUTE)
    app.router.add_post("/api/sign-in", _sign_in)
    app.router.add_post("/api/sign-out", _sign_out)
    app.router.add_get("/api/me", _me)


async def signed_in(request: web.Request) -> StaffSession:
    """Return who asks; raise Refused("not_signed_in")."""
    parts = request.app[PARTS]
    token = request.cookies.get(COOKIE, "")
    if 16 <= len(token) <= 256:
        found = await parts.people.session(token, parts.clock.now())
        if found is not None:
            return found
    raise Refused("not_signed_in", status=401)


async def _sign_in(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    request.app[_RATE].check(request, parts.clock.monotonic())
    body = await read_body(request, SignIn)
    token, session = await parts.people.sign_in(
        body.name, body.password, parts.clock.now(), network_of(request.remote or "")
    )
    await _end(request)
    response = answer(_described(session))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_TIME.total_seconds()),
        path="/",
        httponly=True,
        secure=parts.secure,
        samesite="Strict",
    )
    return response


async def _sign_out(request: web.Request) -> web.Response:
    if request.can_read_body:
        await read_body(request, Nothing)
    await _end(request)
    response = answer({"ok": True})
    response.del_cookie(COOKIE, path="/", httponly=True, secure=request.app[PARTS].secure, samesite="Strict")
    return response


async def _me(request: web.Request) -> web.Response:
    return answer(_described(await signed_in(request)))


async def _end(request: web.Request) -> None:
    """End the session that the request came with, if any."""
    parts = request.app[PARTS]
    token = request.cookies.get(COOKIE, "")
    if not token:
        return
    session = await parts.people.session(token, parts.clock.now())
    await parts.people.sign_out(token)
    if session is not None:
        await parts.signed_out(session.staff, token)


def _described(session: StaffSession) -> dict[str, Any]:
    return {
        "staff": session.staff,
        "name": session.name,
        "number": session.number,
        "centre": session.centre_name,
        "city": session.viewer.city,
        "role": session.viewer.role,
        "scope": session.viewer.scope,
    }
