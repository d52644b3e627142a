"""Which timers run: so that each is started and stopped once, and a late one is known as such."""

from dataclasses import replace

from vwindow.calls.effects import Effect, StartTimer, StopTimer
from vwindow.calls.events import TimerFired


class TimerBook:
    """Name each start of a timer with a key of its own; per owner and kind at most one runs."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, str]] = {}
        self._slots: dict[str, tuple[str, str]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._slots)

    def start(self, owner: str, kind: str, seconds: float, event: TimerFired) -> list[Effect]:
        """Start a timer; one of the same owner and kind that still runs is stopped."""
        effects = self.stop(owner, kind)
        self._serial += 1
        key = f"{owner}:{kind}:{self._serial}"
        self._keys.setdefault(owner, {})[kind] = key
        self._slots[key] = (owner, kind)
        effects.append(StartTimer(key, seconds, replace(event, key=key)))
        return effects

    def stop(self, owner: str, kind: str) -> list[Effect]:
        """Stop a timer if it runs."""
        key = self._keys.get(owner, {}).get(kind)
        if key is None:
            return []
        self._drop(key)
        return [StopTimer(key)]

    def stop_all(self, owner: str, *, but: str = "") -> list[Effect]:
        """Stop all timers of an owner but those of one kind."""
        kinds = [kind for kind in self._keys.get(owner, {}) if kind != but]
        return [effect for kind in kinds for effect in self.stop(owner, kind)]

    def running(self, owner: str, kind: str) -> bool:
        """Say whether the timer runs."""
        return kind in self._keys.get(owner, {})

    def owners(self) -> set[str]:
        """Return all who have a timer running."""
        return set(self._keys)

    def fired(self, event: TimerFired) -> bool:
        """Take note that a timer fired; return False for a late one."""
        if event.key not in self._slots:
            return False
        self._drop(event.key)
        return True

    def _drop(self, key: str) -> None:
        owner, kind = self._slots.pop(key)
        kinds = self._keys[owner]
        del kinds[kind]
        if not kinds:
            del self._keys[owner]
