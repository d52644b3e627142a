"""What a browser is told of its pictures one by one: its REMB counts for all of them together."""

from collections.abc import Mapping

LEAST_SECONDS = 1.0
REPEAT_SECONDS = 10.0
"""Told again though nothing changed: the page may have been without its link when it was told."""
CHANGE = 0.1
"""Smaller changes are not told."""


class Shares:
    """Tell changes, at most once a second."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._at = float("-inf")

    def due(self, shares: Mapping[str, int], now: float) -> dict[str, int]:
        """Return the bit/s of each picture when they are to be told now, else nothing."""
        waited = now - self._at
        if not shares or waited < LEAST_SECONDS or (waited < REPEAT_SECONDS and not self._differs(shares)):
            return {}
        self._told, self._at = dict(shares), now
        return self._told

    def _differs(self, shares: Mapping[str, int]) -> bool:
        told = self._told
        return shares.keys() != told.keys() or any(
            abs(bits - told[name]) > CHANGE * told[name] for name, bits in shares.items()
        )
