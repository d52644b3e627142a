"""Log lines for people or for machines, with the call and kiosk that they belong to."""

import contextvars
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

CALL: contextvars.ContextVar[str] = contextvars.ContextVar("call", default="")
KIOSK: contextvars.ContextVar[str] = contextvars.ContextVar("kiosk", default="")


class _Where(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.call = getattr(record, "call", "") or CALL.get()
        record.kiosk = getattr(record, "kiosk", "") or KIOSK.get()
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
    place.setFormatter(_Json() if form == "json" else _Human())
    root = logging.getLogger()
    root.handlers[:] = [place]
    root.setLevel(level.upper())
    for noisy in ("aiohttp.access", "engineio", "socketio", "aioice", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
