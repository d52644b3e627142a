"""What malformed messages of strangers leave in the log: little."""

import logging

from vwindow.logs import STRANGERS_PER_MINUTE, _Brief


def record(name: str, created: float, error: Exception | None) -> logging.LogRecord:
    info = (type(error), error, None) if error is not None else None
    found = logging.LogRecord(name, logging.ERROR, __file__, 1, "message async handler error", (), info)
    found.created = created
    return found


def test_a_library_at_a_door_tells_one_line_and_ten_a_minute() -> None:
    brief = _Brief()
    records = [record("engineio", 100.0 + number / 100, ValueError("?")) for number in range(50)]
    told = [found for found in records if brief.filter(found)]
    assert len(told) == STRANGERS_PER_MINUTE
    assert told[0].getMessage() == "message async handler error: ValueError" and told[0].exc_info is None
    assert brief.filter(record("engineio", 161.0, ValueError("?")))


def test_our_own_errors_keep_their_traceback() -> None:
    brief = _Brief()
    for number in range(50):
        own = record("vwindow.desk", 100.0 + number / 100, ValueError("?"))
        assert brief.filter(own) and own.exc_info
    assert brief.filter(record("engineio", 100.0, None))
