"""WHIP (RFC 9725) and WHEP: one request publishes or plays one source of a room, another one ends that."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Protocol, cast

from aiohttp import web

from vwindow.clock import Clock
from vwindow.errors import Broken, Refused, VWindowError
from vwindow.web.rates import AddressRate

log = logging.getLogger(__name__)

MAX_OFFER_BYTES = 64 * 1024
READ_SECONDS = 10.0
RETRY_SECONDS = 2
SDP = "application/sdp"
StreamKind = Literal["whip", "whep"]

_ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_STATUS = {
    "not_sdp": 400,
    "bad_offer": 422,
    "no_common_codec": 422,
    "offer_without_audio": 422,
    "unknown_room": 404,
    "unknown_source": 404,
    "unknown_stream": 404,
    "source_taken": 409,
}


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """The answer to a stream's offer, and the name by which the stream is ended."""

    resource: str
    sdp: str


class Streams(Protocol):
    """The media side."""

    async def answer_stream(self, kind: StreamKind, room: str, side: str, source: str, sdp: str) -> StreamAnswer:
        """Answer an offer; raises Refused, Unavailable."""
        ...

    async def end_stream(self, room: str, resource: str) -> None:
        """End a stream; raises Refused("unknown_room" | "unknown_stream"), Unavailable."""
        ...


class Tokens(Protocol):
    """Who may do what."""

    def check(self, token: str, kind: str, room: str, side: str, source: str | None, now: float) -> None:
        """Let a request pass at Unix seconds `now`; raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class WhipParts:
    """What the endpoints are built from."""

    streams: Streams
    tokens: Tokens
    clock: Clock
    rate: AddressRate | None = None
    origins: Sequence[str] = ()
    """Origins of pages that may ask besides our own; "*" for all: a page has no token that it was not given."""


_PARTS = web.AppKey("whip", WhipParts)
_Work = Callable[[web.Request, WhipParts, StreamKind], Awaitable[web.Response]]


def add_whip(app: web.Application, parts: WhipParts) -> None:
    """Serve /whip/{room}/{side} and /whep/{room}/{side}, with ?source= (face when not given)."""
    app[_PARTS] = parts
    for kind in ("whip", "whep"):
        streams, stream = f"/{kind}/{{room}}/{{side}}", f"/{kind}/{{room}}/{{side}}/{{resource}}"
        for path, work, method in ((streams, _post, "POST"), (stream, _delete, "DELETE")):
            allowed = f"{method}, OPTIONS"
            app.router.add_route(method, path, _edge(work, kind, allowed))
            app.router.add_route("OPTIONS", path, _edge(_options, kind, allowed))
            app.router.add_route("*", path, _edge(_not_allowed, kind, allowed))


def _edge(work: _Work, kind: str, allowed: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        parts = request.app[_PARTS]
        try:
            response = await work(request, parts, cast(StreamKind, kind))
        except web.HTTPRequestEntityTooLarge:
            response = _problem("too_large", 413)
        except Broken as error:
            log.exception("%s: %s", kind, error.code)
            response = _problem(error.code, 500)
        except VWindowError as error:
            status = 503 if error.retryable and error.status != 429 else _STATUS.get(error.code, error.status)
            response = _problem(error.code, status)
            if error.retryable:
                response.headers["Retry-After"] = str(RETRY_SECONDS)
        if response.status == 405 or request.method == "OPTIONS":
            response.headers["Allow"] = allowed
        _add_cors(request, response, parts.origins, allowed)
        return response

    return handle


async def _post(request: web.Request, parts: WhipParts, kind: StreamKind) -> web.Response:
    if parts.rate is not None:
        parts.rate.check(request, parts.clock.monotonic())
    room, side, source = _room(request), request.match_info["side"], request.query.get("source", "face")
    parts.tokens.check(_bearer(request), kind, room, side, source, parts.clock.now().timestamp())
    if request.content_type != SDP:
        raise Refused("not_sdp_type", status=415)
    try:
        offer = (await asyncio.wait_for(request.read(), READ_SECONDS)).decode()
    except (UnicodeDecodeError, TimeoutError) as error:
        raise Refused("not_sdp") from error
    if not offer.replace("\r", "").replace("\n", "").isprintable():
        raise Refused("not_sdp")
    answer = await parts.streams.answer_stream(kind, room, side, source, offer)
    location = f"/{kind}/{room}/{side}/{answer.resource}"
    return web.Response(status=201, text=answer.sdp, content_type=SDP, headers={"Location": location})


async def _delete(request: web.Request, parts: WhipParts, kind: StreamKind) -> web.Response:
    room, side = _room(request), request.match_info["side"]
    parts.tokens.check(_bearer(request), kind, room, side, None, parts.clock.now().timestamp())
    await parts.streams.end_stream(room, request.match_info["resource"][:64])
    return web.Response()


async def _options(request: web.Request, parts: WhipParts, kind: StreamKind) -> web.Response:
    return web.Response(status=204, headers={"Accept-Post": SDP})


async def _not_allowed(request: web.Request, parts: WhipParts, kind: StreamKind) -> web.Response:
    # PATCH as well: the worker knows all it needs of a path from the checks that come by it, and a client whose
    # address changed publishes anew (RFC 9725 §4.3 asks for 405 where neither trickle nor restarts are taken).
    raise Refused("method_not_allowed", status=405)


def _room(request: web.Request) -> str:
    room = request.match_info["room"]
    if not _ROOM.match(room):
        raise Refused("unknown_room")
    return room


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("token_missing", status=401)
    if not token.isascii():
        raise Refused("token_wrong", status=401)
    return token.strip()


def _problem(code: str, status: int) -> web.Response:
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    response = web.json_response(content, status=status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _add_cors(request: web.Request, response: web.Response, origins: Sequence[str], allowed: str) -> None:
    origin = request.headers.get("Origin", "")
    if not origin or not ("*" in origins or origin in origins):
        return
    response.headers.update(
        {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Expose-Headers": "Location",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Origin",
        }
    )
