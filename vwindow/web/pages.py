"""The built pages and their assets."""

from pathlib import Path

from aiohttp import web

from vwindow.web.parts import PARTS

PAGES = ("console", "admin")
IMMUTABLE = "public, max-age=31536000, immutable"
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
"""Named here, for with nosniff a wrong guess of the machine's type table would stop a page."""
_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>503</title>
<h1>页面尚未构建 · The pages are not built</h1>
<p>请运行 <code>scripts/setup</code>，然后刷新。 Run <code>scripts/setup</code>, then reload.</p>
</html>
"""


def add_pages(app: web.Application) -> None:
    """Serve /, /console/, /admin/ and /assets/."""
    app.router.add_get("/", _to_console)
    for page in PAGES:
        app.router.add_get(f"/{page}", _to_page)
        app.router.add_get(f"/{page}/{{tail:.*}}", _page)
    app.router.add_get("/assets/{name:.+}", _asset)


async def _to_console(request: web.Request) -> web.Response:
    raise web.HTTPFound("/console/")


async def _to_page(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"{request.path}/")


async def _page(request: web.Request) -> web.StreamResponse:
    name = request.path.split("/")[1]
    file = request.app[PARTS].static_dir / name / "index.html"
    if not file.is_file():
        return web.Response(status=503, text=_NOT_BUILT, content_type="text/html", headers={"Retry-After": "30"})
    # Read whole, not as a file answer: without a validator nobody can hold on to an old page.
    return web.Response(body=file.read_bytes(), content_type="text/html", charset="utf-8")


async def _asset(request: web.Request) -> web.StreamResponse:
    file = _inside(request.app[PARTS].static_dir / "assets", request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": IMMUTABLE, "Content-Type": _TYPES.get(file.suffix, "application/octet-stream")}
    return web.FileResponse(file, headers=headers)


def _inside(folder: Path, name: str) -> Path | None:
    # resolve() follows links and "..": what leads out of the folder is not there.
    try:
        file = (folder / name).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except (OSError, ValueError):
        return None
