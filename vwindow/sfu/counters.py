"""What the worker counts, and errors that are told once."""

import logging
from collections import Counter

log = logging.getLogger(__name__)

TOLD_LIMIT = 100


class Counters:
    """Count what happened by name; log the first exception of each kind and place."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()

    def add(self, name: str) -> None:
        """Count one more."""
        self.values[name] += 1

    def error(self, place: str, error: Exception) -> None:
        """Count an exception that was caught at an edge; tell the first with its traceback."""
        self.values[f"error_{place}"] += 1
        kind = (place, type(error).__name__)
        if kind not in self._told and len(self._told) < TOLD_LIMIT:
            self._told.add(kind)
            log.error("%s failed; further failures of this kind are only counted", place, exc_info=error)
