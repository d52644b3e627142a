"""GET /api/catalogue: the public catalogue for the pages and the kiosk agents."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from vwindow.catalogue.bundle import PackedBundle

PATH = "/api/catalogue"


def add_catalogue(app: web.Application, bundle: Callable[[], Awaitable[PackedBundle]]) -> None:
    """Serve the bundle with an entity tag (304 for one that is held) and as gzip to those who take it.

    `bundle` may raise Unavailable, which the application's error middleware answers.
    """

    async def get(request: web.Request) -> web.Response:
        packed = await bundle()
        headers = {"ETag": packed.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if _held(request, packed.etag):
            return web.Response(status=304, headers=headers)
        if _takes_gzip(request):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=packed.zipped, content_type="application/json", headers=headers)
        return web.Response(body=packed.body, content_type="application/json", headers=headers)

    app.router.add_get(PATH, get)


def _held(request: web.Request, etag: str) -> bool:
    # RFC 9110, 13.1.2: weak comparison, "*" matches whatever there is.
    tags = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def _takes_gzip(request: web.Request) -> bool:
    for part in request.headers.get("Accept-Encoding", "").split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
