"""Answers in JSON, and errors as {"error": {"code", "retryable"}}."""

import dataclasses
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from vwindow.errors import Broken, Unavailable, VWindowError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CODES = {
    400: "bad_request",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "not_json",
    416: "bad_range",
}

SOCKETS = "/socket.io/"
"""Engine.IO reads messages inside its route and raises for what it cannot read: that is its sender's fault."""


def answer(content: object, *, status: int = 200) -> web.Response:
    """Return JSON; dataclasses become objects, times ISO 8601 with zone."""
    return web.json_response(content, status=status, dumps=_dumps)


def error_answer(code: str, status: int, *, retryable: bool = False) -> web.Response:
    """Return an error."""
    return answer({"error": {"code": code, "retryable": retryable}}, status=status)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an error answer; what nobody expected is logged with its traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        found = error_answer(_CODES.get(error.status, "bad_request"), error.status)
        if "Allow" in error.headers:
            found.headers["Allow"] = error.headers["Allow"]
        return found
    except Broken as error:
        log.exception("%s %s: %s", request.method, _route(request), error.code)
        return error_answer(error.code, error.status)
    except Unavailable as error:
        log.warning("%s %s: %s", request.method, _route(request), error.code)
        return error_answer(error.code, error.status, retryable=True)
    except VWindowError as error:
        return error_answer(error.code, error.status, retryable=error.retryable)
    except ConnectionResetError:
        # The client left; nobody reads this.
        return error_answer("bad_request", 400)
    except Exception as error:
        if _route(request) == SOCKETS:
            log.info("%s: a malformed message: %s", SOCKETS, type(error).__name__)
            return error_answer("bad_request", 400)
        log.exception("%s %s", request.method, _route(request))
        return error_answer("broken", 500)


def _route(request: web.Request) -> str:
    # The pattern, not the path: paths hold ids, and whatever a stranger typed.
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown path"


def _dumps(content: object) -> str:
    return json.dumps(content, default=_plain, ensure_ascii=False)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
