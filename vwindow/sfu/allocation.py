"""Who gets how much when paths are narrow: voices first, then screen text, then faces. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

VOICE = 90_000
"""Bit/s that are kept for each voice: Opus, sent twice, with headers."""
TEXT_FLOOR = 60_000
"""A page of text on which a form is filled in; it may be slow, but not soft."""
FACE_FLOOR = 60_000
"""About a small frame a second. Below its floor a picture is not worth its bits and its slot pauses."""
LEAST = 30_000
"""What an encoder makes of a picture at the very least."""
MARGIN = 0.9
"""Of an estimate: pictures are told without what their packets add, and encoders overshoot."""
GROWTH = 1.2
"""What a screen may need soon, over what it uses now."""
RESUME = 1.3
"""How much more than it needs must be free before a paused picture goes on."""


@dataclass(frozen=True, slots=True)
class Supply:
    """One source: the bit/s that it may have at most, and what it uses now."""

    ceiling: int
    used: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """What one viewer is shown, in the order of its slots.

    `required`: its path may lower a source; else only its own slots pause. `estimate` in bit/s, None when not known.
    """

    required: bool
    estimate: int | None
    sources: tuple[str, ...]
    paused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Allocation:
    """Bit/s that each picture may be sent with; by viewer the pictures that pause, and what its path needs for them."""

    targets: dict[str, int]
    paused: dict[str, frozenset[str]]
    needs: dict[str, int]
    """Bit/s that the path must carry before all that pauses goes on, of viewers with something that does."""


def is_voice(source: str) -> bool:
    return source.endswith(".microphone")


def is_text(source: str) -> bool:
    """Tell whether a source must stay sharp: a screen or a document."""
    return source.endswith((".screen", ".document"))


def floor(source: str) -> int:
    return TEXT_FLOOR if is_text(source) else FACE_FLOOR


def allocate(demands: Mapping[str, Demand], supplies: Mapping[str, Supply]) -> Allocation:
    """Give each picture what the slowest required viewer can take; pause what does not fit a viewer's path."""
    targets = {name: supply.ceiling for name, supply in supplies.items() if not is_voice(name)}
    paused: dict[str, frozenset[str]] = {}
    for viewer, demand in demands.items():
        if demand.required and demand.estimate is not None:
            shares = _shares(demand, supplies)
            paused[viewer] = frozenset(name for name, share in shares.items() if share == 0)
            for name, share in shares.items():
                targets[name] = min(targets[name], max(share, floor(name)))
    for viewer, demand in demands.items():
        if not demand.required or demand.estimate is None:
            paused[viewer] = _left_out(demand, supplies, targets)
    needs = {viewer: _need(demands[viewer], supplies, targets, out) for viewer, out in paused.items() if out}
    return Allocation(targets, paused, needs)


def fit(targets: Mapping[str, int], used: Mapping[str, float], carried: int) -> dict[str, int]:
    """Return what a sender whose own path carries so much may send of each picture: again text before faces."""
    total = sum(targets.values())
    if total <= carried:
        return dict(targets)
    left = float(carried)
    shares: dict[str, int] = {}
    names = sorted(targets, key=lambda name: (not is_text(name), targets[name]))
    for index, name in enumerate(names):
        most = left if is_text(name) else left / (len(names) - index)
        shares[name] = int(min(targets[name], max(LEAST, most)))
        left -= min(shares[name], max(floor(name), GROWTH * used.get(name, 0.0))) if is_text(name) else shares[name]
    return shares


def _pictures(demand: Demand, supplies: Mapping[str, Supply]) -> list[str]:
    """Return a viewer's pictures, screens before faces."""
    shown = [name for name in demand.sources if name in supplies and not is_voice(name)]
    return sorted(shown, key=lambda name: not is_text(name))


def _room(demand: Demand, supplies: Mapping[str, Supply]) -> float:
    voices = sum(1 for name in demand.sources if name in supplies and is_voice(name))
    return MARGIN * (demand.estimate or 0) - VOICE * voices


def _shares(demand: Demand, supplies: Mapping[str, Supply]) -> dict[str, int]:
    """Return what a required viewer's path has for each picture, 0 for one that does not fit at all."""
    left = _room(demand, supplies)
    shares: dict[str, int] = {}
    texts = [name for name in _pictures(demand, supplies) if is_text(name)]
    faces = [name for name in _pictures(demand, supplies) if not is_text(name)]
    for index, name in enumerate(texts):
        fits = left / (len(texts) - index)
        if fits < floor(name) * (RESUME if name in demand.paused else 1):
            shares[name] = 0
            continue
        # It may take all of it at once; until it does, faces have what it does not use.
        shares[name] = min(supplies[name].ceiling, int(fits))
        left -= min(shares[name], max(floor(name), GROWTH * supplies[name].used))
    while faces:
        fits = left / len(faces)
        if fits >= FACE_FLOOR * (RESUME if faces[-1] in demand.paused else 1):
            break
        shares[faces.pop()] = 0
    for name in sorted(faces, key=lambda name: supplies[name].ceiling):
        shares[name] = min(supplies[name].ceiling, int(left / len(faces)))
        left -= shares[name]
        faces = [other for other in faces if other != name]
    return shares


def _left_out(demand: Demand, supplies: Mapping[str, Supply], targets: Mapping[str, int]) -> frozenset[str]:
    """Return the pictures that a viewer's path does not carry beside what comes before them."""
    if demand.estimate is None:
        return frozenset()
    left = _room(demand, supplies)
    out = set()
    for name in _pictures(demand, supplies):
        need = _use(name, supplies, targets)
        if need * (RESUME if name in demand.paused else 1) > left:
            out.add(name)
        else:
            left -= need
    return frozenset(out)


def _use(name: str, supplies: Mapping[str, Supply], targets: Mapping[str, int]) -> int:
    """Return what a picture takes of a path that may not lower it."""
    return min(targets[name], max(floor(name), int(1.2 * supplies[name].used)))


def _need(demand: Demand, supplies: Mapping[str, Supply], targets: Mapping[str, int], paused: frozenset[str]) -> int:
    """Return what a viewer's path must carry for all of its pictures."""
    total = float(VOICE * sum(1 for name in demand.sources if name in supplies and is_voice(name)))
    for name in _pictures(demand, supplies):
        if not demand.required:
            total += _use(name, supplies, targets) * (RESUME if name in paused else 1)
        elif is_text(name):
            total += max(RESUME * floor(name), GROWTH * supplies[name].used)
        else:
            total += RESUME * floor(name)
    return int(total / MARGIN) + 1
