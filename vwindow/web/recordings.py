"""Recordings: what there is of one, and its sealed files opened on the way out."""

import asyncio
import logging
import re

from aiohttp import web

from vwindow.errors import Refused, Unavailable, VWindowError
from vwindow.ids import RecordingId
from vwindow.store.reading import PlayableRecording
from vwindow.store.sessions import StaffSession
from vwindow.web.answers import answer, error_answer
from vwindow.web.manifests import Manifest, manifest_of
from vwindow.web.parts import PARTS, Media
from vwindow.web.ranges import RangeRefused, Span, span_of
from vwindow.web.sessions import signed_in
from vwindow.web.views import VIEWS

log = logging.getLogger(__name__)

PIECE_BYTES = 256 * 1024
_SIDE = re.compile(r"[a-z]{1,20}(\.[a-z]{1,20}(-later)?)?")
"""A side, or one of its further pictures: "kiosk", "kiosk.document"; "kiosk.face-later" in another codec."""


def add_recordings(app: web.Application) -> None:
    """Serve /api/recordings/{recording} and its media."""
    app.router.add_get("/api/recordings/{recording}", _facts)
    app.router.add_get("/api/recordings/{recording}/media", _media)


async def _facts(request: web.Request) -> web.Response:
    found = await _found(request, await signed_in(request))
    tracks = [track for side in found.sides.values() for track in side["tracks"]]
    manifest = await manifest_of(request.app[PARTS], found.recording) if found.state == "ready" else Manifest()
    return answer(
        {
            "recording": found.recording,
            "call": found.call,
            "state": found.state,
            "duration": found.duration,
            "sides": sorted(found.sides),
            "tracks": tracks,
            "files": [{"file": name, "tracks": side["tracks"]} for name, side in sorted(found.sides.items())],
            **manifest.shown(),
        }
    )


async def _media(request: web.Request) -> web.StreamResponse:
    session = await signed_in(request)
    side = request.query.get("side", "")
    if not _SIDE.fullmatch(side):
        raise Refused("bad_query")
    found = await _found(request, session)
    if side not in ("kiosk", "staff", *found.sides):
        raise Refused("bad_query")
    parts = request.app[PARTS]
    path, key = await parts.recordings.side(found.recording, side)
    try:
        media = await asyncio.to_thread(parts.open_media, path, key)
    except OSError as error:
        raise Unavailable("recording_missing", f"{found.recording}: {error.strerror}") from error
    try:
        tag = f'"{found.recording}-{side}"'
        try:
            span = span_of(_range(request, tag), media.size)
        except RangeRefused as error:
            refused = error_answer(error.code, error.status)
            refused.headers["Content-Range"] = f"bytes */{error.size}"
            return refused
        if request.method != "HEAD":
            # Before the first byte leaves: a view that cannot be logged is not shown.
            await request.app[VIEWS].log(request, session, "recording_viewed", [found.recording], side)
        return await _send(request, media, span, tag, "video/mp4" if ".mp4" in path.suffixes else "video/webm")
    finally:
        await asyncio.to_thread(media.close)


async def _found(request: web.Request, session: StaffSession) -> PlayableRecording:
    recording = RecordingId(request.match_info["recording"])
    return await request.app[PARTS].reading.recording(session.viewer, recording)


def _range(request: web.Request, tag: str) -> str | None:
    # RFC 9110, 13.1.5: a condition that fails means the whole file.
    condition = request.headers.get("If-Range")
    return request.headers.get("Range") if condition in (None, tag) else None


async def _send(request: web.Request, media: Media, span: Span | None, tag: str, kind: str) -> web.StreamResponse:
    part = span or Span(0, media.size, media.size)
    response = web.StreamResponse(status=206 if span else 200)
    response.content_type = kind
    response.content_length = part.length
    response.headers.update({"Accept-Ranges": "bytes", "ETag": tag, "Content-Disposition": "inline"})
    if span:
        response.headers["Content-Range"] = span.content_range
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    # The first piece before the headers: a broken seal there still gets a proper error answer.
    at, end = part.start, part.start + part.length
    piece = await asyncio.to_thread(media.read, at, min(PIECE_BYTES, end - at)) if at < end else b""
    await response.prepare(request)
    try:
        while piece:
            await response.write(piece)
            at += len(piece)
            if at >= end:
                break
            piece = await asyncio.to_thread(media.read, at, min(PIECE_BYTES, end - at))
    except ConnectionResetError:
        # The player has what it wanted.
        return response
    except (OSError, VWindowError):
        log.exception("a recording ended in the middle of its file")
    if at < end and request.transport is not None:
        # Too short for the length that was promised: only a cut connection says so.
        request.transport.close()
    return response
