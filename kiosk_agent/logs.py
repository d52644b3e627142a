"""How the agent logs: lines for people or JSON for collectors, never what a visitor typed or said."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal, get_args

Format = Literal["human", "json"]
FORMATS = get_args(Format)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (call := getattr(record, "call", None)) is not None:
            line["call"] = call
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(form: str, level: str) -> None:
    """Send the log to standard error; `form` is one of FORMATS."""
    out = logging.StreamHandler()
    if form == "json":
        out.setFormatter(JsonFormatter())
    else:
        out.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[out], level=level.upper(), force=True)
    # These tell each packet or each request; the page token stands in request lines.
    for name in ("aiohttp.access", "engineio", "socketio", "aioice", "aiortc", "libav"):
        logging.getLogger(name).setLevel("ERROR")
