"""Log lines for people or for machines, with the call and kiosk that they belong to."""

import contextvars
import json
import logging
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Literal

CALL: contextvars.ContextVar[str] = contextvars.ContextVar("call", default="")
KIOSK: contextvars.ContextVar[str] = contextvars.ContextVar("kiosk", default="")
STRANGERS_PER_MINUTE = 10


class _Where(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.call = getattr(record, "call", "") or CALL.get()
        record.kiosk = getattr(record, "kiosk", "") or KIOSK.get()
        return True


class _Brief(logging.Filter):
    """What a stranger's malformed message causes in the libraries of a door: one line, ten a minute, no traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._told: deque[float] = deque(maxlen=STRANGERS_PER_MINUTE)

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("engineio", "socketio")) or not record.exc_info:
            return True
        kind = record.exc_info[0]
        record.msg, record.args = f"{record.getMessage()}: {kind.__name__ if kind else ''}", ()
        record.exc_info = record.exc_text = None
        if len(self._told) == STRANGERS_PER_MINUTE and record.created - self._told[0] < 60:
            return False
        self._told.append(record.created)
        return True


class _Human(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        where = "".join(f" {name}={value}" for name in ("call", "kiosk") if (value := getattr(record, name, "")))
        stamp = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        line = f"{stamp} {record.levelname:<7} {record.name}{where}: {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in ("call", "kiosk"):
            if value := getattr(record, name, ""):
                entry[name] = value
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up(form: Literal["human", "json"], level: str) -> None:
    """Send all log lines to standard error in one form."""
    place = logging.StreamHandler(sys.stderr)
    place.addFilter(_Where())
    place.addFilter(_Brief())
    place.setFormatter(_Json() if form == "json" else _Human())
    root = logging.getLogger()
    root.handlers[:] = [place]
    root.setLevel(level.upper())
    for noisy in ("aiohttp.access", "engineio", "socketio", "aioice", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
