"""Past calls and call-back requests."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from vwindow.errors import Refused
from vwindow.ids import CallId
from vwindow.store.reading import PastCall
from vwindow.web.answers import answer
from vwindow.web.bodies import number_of
from vwindow.web.parts import PARTS
from vwindow.web.sessions import signed_in
from vwindow.web.views import VIEWS

MAX_PAGE = 200


def add_calls(app: web.Application) -> None:
    """Serve /api/calls and /api/callbacks."""
    app.router.add_get("/api/calls", _calls)
    app.router.add_get("/api/callbacks", _callbacks)
    app.router.add_post("/api/callbacks/{call}/reveal", _reveal)


async def _calls(request: web.Request) -> web.Response:
    """Give past calls; the view log has it before notes of others leave."""
    session = await signed_in(request)
    limit = number_of(request, "limit", 50, MAX_PAGE)
    text = request.query.get("before")
    before = _before(text) if text else None
    calls = await request.app[PARTS].reading.calls(session.viewer, limit, before)
    notes = [call.call for call in calls if call.note and call.staff != session.staff]
    await request.app[VIEWS].log(request, session, "note_read", notes)
    return answer([_shown(call) for call in calls])


async def _callbacks(request: web.Request) -> web.Response:
    session = await signed_in(request)
    limit = number_of(request, "limit", 100, MAX_PAGE)
    return answer(await request.app[PARTS].callbacks.listed(session.viewer, limit))


async def _reveal(request: web.Request) -> web.Response:
    """Give name and telephone; the view log has it before the answer leaves."""
    session = await signed_in(request)
    parts = request.app[PARTS]
    call = CallId(request.match_info["call"])
    return answer(await parts.callbacks.revealed(session.viewer, call, parts.clock.now()))


def _before(text: str) -> datetime:
    try:
        # A "+" of the zone arrives as a blank when nobody escaped it.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise Refused("bad_query")
        # At the ends of the calendar a moment with a zone may have no UTC.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("bad_query") from error


def _shown(call: PastCall) -> dict[str, Any]:
    return {
        "call": call.call,
        "sight": call.sight,
        "kiosk": call.kiosk,
        "kiosk_city": call.kiosk_city,
        "kiosk_centre": call.kiosk_centre,
        "city": call.city,
        "item": call.item,
        "item_name": call.item_name,
        "staff": call.staff or None,
        "staff_name": call.staff_name or None,
        "asked_at": call.asked_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "reason": call.reason,
        "outcome": call.outcome,
        "note": call.note,
        "rating": call.rating,
        "recording": call.recording,
    }
