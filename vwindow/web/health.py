"""How the server is: for a watchdog and for Prometheus."""

import asyncio

from aiohttp import web
from prometheus_client import Counter, generate_latest

from vwindow.web.answers import Handler, answer
from vwindow.web.parts import PARTS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_REQUESTS = web.AppKey("requests", Counter)
CHECK_SECONDS = 3.0


def add_health(app: web.Application) -> None:
    """Serve /healthz and /metrics, and count requests."""
    app[_REQUESTS] = Counter(
        "vwindow_http_requests",
        "Answered HTTP requests.",
        ["method", "route", "status"],
        registry=app[PARTS].metrics,
    )
    app.router.add_get("/healthz", _health)
    app.router.add_get("/metrics", _metrics)


@web.middleware
async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count answers by route pattern, never by path: the number of series must be bounded."""
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        method = request.method if request.method in _METHODS else "other"
        request.app[_REQUESTS].labels(method, route, str(status)).inc()


async def _health(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    try:
        database = await asyncio.wait_for(parts.database_up(), CHECK_SECONDS)
    except TimeoutError:
        database = False
    worker = parts.worker_up()
    stuck = parts.stuck_writes()
    well = database and worker and not stuck
    content = {"ok": well, "database": database, "worker": worker, "stuck_writes": stuck}
    return answer(content, status=200 if well else 503)


async def _metrics(request: web.Request) -> web.Response:
    # In a thread: collectors may look at other processes or the disk.
    body = await asyncio.to_thread(generate_latest, request.app[PARTS].metrics)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
