"""Views that the view log knows already: a page asks for the same thing again and again."""

from collections import OrderedDict
from collections.abc import Sequence

from aiohttp import web

from vwindow.store.sessions import StaffSession
from vwindow.store.view_log import Kind
from vwindow.web.parts import PARTS

VIEW_SECONDS = 600.0
"""A player asks for many ranges, a list is read again and again: within this time they are one view in the log."""
_LIMIT = 1000


class RecentViews:
    """Write views to the log, each once in VIEW_SECONDS.

    Remembers at most a thousand. What falls out is logged again when it is asked for again: the log may say a view
    twice, never not at all.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, str, str], float] = OrderedDict()

    async def log(
        self, request: web.Request, session: StaffSession, kind: Kind, subjects: Sequence[str], detail: str = ""
    ) -> None:
        """Log before anything leaves: a view that cannot be logged is not shown."""
        parts = request.app[PARTS]
        now = parts.clock.monotonic()
        new = [subject for subject in subjects if not self._known((session.staff, kind, subject, detail), now)]
        if not new:
            return
        await parts.view_log.append(session.viewer, kind, new, parts.clock.now(), detail)
        for subject in new:
            key = (session.staff, kind, subject, detail)
            self._seen[key] = now
            self._seen.move_to_end(key)
        while len(self._seen) > _LIMIT:
            self._seen.popitem(last=False)

    def _known(self, key: tuple[str, str, str, str], now: float) -> bool:
        last = self._seen.get(key)
        return last is not None and now - last < VIEW_SECONDS


VIEWS = web.AppKey("recent_views", RecentViews)
