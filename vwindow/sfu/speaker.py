"""Whose voice leads a room, by the levels that packets carry (RFC 6464): calm enough to draw a frame around a face."""

from collections.abc import Mapping

SPEAKS = 77.0
"""Level from which on a voice speaks: −50 dBov."""
STOPS = 69.0
"""Level below which the one who spoke has stopped; a pause between two words is not one."""
LOUDER = 6.0
"""How much louder (dB) another voice must be to take over from one that still speaks."""
HOLD_SECONDS = 0.5
"""Between two changes."""


class Speaker:
    """Follow the loudest voice with hysteresis; at most two changes a second."""

    def __init__(self) -> None:
        self.name = ""
        """Who speaks, "" while all are quiet."""
        self._changed = float("-inf")

    def take(self, levels: Mapping[str, float], now: float) -> bool:
        """Take the level of each voice, 0 (silent) to 127; tell whether another one speaks now."""
        if now - self._changed < HOLD_SECONDS:
            return False
        present = levels.get(self.name, 0.0)
        loudest = max(levels, key=lambda name: levels[name], default="")
        name = self.name
        if self.name and present < STOPS:
            name = ""
        if levels.get(loudest, 0.0) > SPEAKS and (not name or levels[loudest] > present + LOUDER):
            name = loudest
        if name == self.name:
            return False
        self.name, self._changed = name, now
        return True
