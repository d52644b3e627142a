"""Who may talk to the page server: only the page that it served itself, in a browser on this machine.

Another page in the same browser may send requests to 127.0.0.1, too. Host is checked against names that were
pointed here (DNS rebinding), Origin against foreign pages, the token against everything that did not read our page.
"""

import json
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

SOCKET_PATH = "/socket.io/"
"""Carries the token in its own connection message."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self' blob:; "
    "connect-src 'self' ws://{hosts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), display-capture=(), geolocation=(), usb=(), serial=()",
}


def refusal(status: int, code: str, *, retryable: bool = False) -> web.Response:
    """Return an error answer with its code."""
    body = json.dumps({"error": {"code": code, "retryable": retryable}})
    return web.Response(status=status, text=body, content_type="application/json")


class PageGuard:
    """Hold the token of this start and check every request."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._hosts: tuple[str, ...] = ()
        self._headers: dict[str, str] = {}

    def learn_port(self, port: int) -> None:
        """Learn on which port we are served; nothing is answered before."""
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._headers = {**HEADERS, "Content-Security-Policy": POLICY.format(hosts=" ws://".join(self._hosts))}

    @property
    def origins(self) -> list[str]:
        """The origins of our own page."""
        return [f"http://{host}" for host in self._hosts]

    def knows(self, token: object) -> bool:
        """Tell whether this is the page's token, in constant time."""
        return isinstance(token, str) and secrets.compare_digest(token.encode(), self.token.encode())

    def refuse(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request that may not be served, None for one that may."""
        if request.headers.getall("Host", []) not in [[host] for host in self._hosts]:
            return refusal(403, "foreign_host")
        origins = request.headers.getall("Origin", [])
        if origins and (len(origins) > 1 or origins[0] not in self.origins):
            return refusal(403, "foreign_origin")
        if request.path == "/" or request.path.startswith(("/assets/", SOCKET_PATH)):
            return None
        if not self.knows(request.query.get("token")):
            return refusal(403, "bad_token")
        return None

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the security headers on an answer that is about to leave."""
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")

    def middleware(self) -> Middleware:
        """Return the middleware that applies the checks."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = self.refuse(request)
            if refused is not None:
                return refused
            try:
                return await handler(request)
            except web.HTTPException as error:
                return refusal(error.status, "not_found" if error.status == 404 else "bad_request")

        return guard
