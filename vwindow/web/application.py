"""The web application."""

from aiohttp import web

from vwindow.web.answers import errors
from vwindow.web.bodies import MAX_BODY_BYTES
from vwindow.web.calls import add_calls
from vwindow.web.health import add_health, count
from vwindow.web.kiosks import add_kiosks
from vwindow.web.pages import add_pages
from vwindow.web.parts import PARTS, WebParts
from vwindow.web.recordings import add_recordings
from vwindow.web.security import add_headers, check_origin
from vwindow.web.sessions import add_sessions
from vwindow.web.views import VIEWS, RecentViews


def build_web(parts: WebParts) -> web.Application:
    """Return the application with all routes but the catalogue's and Socket.IO's."""
    app = web.Application(middlewares=[count, errors, check_origin], client_max_size=MAX_BODY_BYTES)
    app[PARTS] = parts
    app[VIEWS] = RecentViews()
    app.on_response_prepare.append(add_headers)
    add_health(app)
    add_sessions(app)
    add_kiosks(app)
    add_calls(app)
    add_recordings(app)
    add_pages(app)
    return app
