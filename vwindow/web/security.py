"""What every answer says to browsers, and which pages may change anything."""

import re

from aiohttp import web

from vwindow.errors import Refused
from vwindow.web.answers import Handler
from vwindow.web.parts import PARTS

COOKIE = "vwindow_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=()",
}
HSTS = "max-age=31536000"


def policy(host: str) -> str:
    """Return the content security policy for a host as the request names it."""
    # 'self' does not cover WebSockets in every browser, so the host is named; a strange host is not repeated.
    sockets = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            f"connect-src 'self'{sockets}",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on any answer, streams and error pages too."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", policy(request.host))
    response.headers.setdefault("Cache-Control", "no-store")
    if request.scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", HSTS)


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse changes that a foreign page asks for, and such with a session that do not say where they come from.

    Agents send neither Origin nor cookie and pass.
    """
    if request.method not in SAFE_METHODS:
        origins = request.headers.getall("Origin", [])
        own = {f"{request.scheme}://{request.host}", *request.app[PARTS].allowed_origins}
        if any(origin not in own for origin in origins):
            raise Refused("foreign_origin", status=403)
        if not origins and COOKIE in request.cookies:
            raise Refused("foreign_origin", status=403)
    return await handler(request)
