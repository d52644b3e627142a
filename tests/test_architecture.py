"""The house rules that a machine can check: who imports whom, how long files are, where aiortc is touched."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("vwindow", "signaling", "kiosk_agent", "devices")
LONGEST = 400
PURE = {"asyncio", "time", "random", "socket", "aiortc", "av", "sqlmodel", "sqlalchemy", "threading"}

GROUND = {"vwindow.ids", "vwindow.errors", "vwindow.clock"}

# package → (ours that it may import besides GROUND and itself, foreign modules that it must not import)
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "vwindow.ids": (set(), {"asyncio"}),
    "vwindow.errors": (set(), {"asyncio"}),
    "vwindow.clock": (set(), {"asyncio"}),
    "vwindow.tasks": (set(), set()),
    "vwindow.access": (set(), {"asyncio", "aiohttp", "sqlmodel"}),
    "vwindow.keys": (set(), {"asyncio", "aiohttp", "sqlmodel"}),
    "vwindow.calls": (set(), PURE),
    "vwindow.rtp": (set(), PURE),
    "vwindow.ice": (set(), PURE),
    "vwindow.sfu": ({"vwindow.tasks", "vwindow.rtp", "vwindow.ice"}, {"sqlmodel", "socketio", "aiohttp", "av"}),
    "vwindow.recording": (
        {"vwindow.tasks", "vwindow.rtp", "vwindow.sfu.ports"},
        {"aiortc", "aiohttp", "socketio", "sqlmodel"},
    ),
    "vwindow.desk": (
        {"vwindow.tasks", "vwindow.access", "vwindow.calls"},
        {"aiortc", "av", "socketio", "aiohttp", "sqlmodel"},
    ),
    "vwindow.catalogue": ({"vwindow.desk.ports", "vwindow.store"}, {"aiohttp", "socketio", "aiortc"}),
    "vwindow.store": (
        {"vwindow.tasks", "vwindow.access", "vwindow.keys", "vwindow.desk.ports"},
        {"aiohttp", "socketio", "aiortc"},
    ),
    "vwindow.web": (
        {"vwindow.tasks", "vwindow.access", "vwindow.keys", "vwindow.desk", "vwindow.catalogue", "vwindow.store"},
        {"aiortc", "socketio", "av"},
    ),
    "signaling.wire": (set(), {"socketio", "asyncio", "vwindow"}),
    "signaling": ({"vwindow.access", "vwindow.calls.events", "vwindow.desk"}, {"sqlmodel", "aiortc", "av"}),
    "devices": (set(), {"aiortc", "aiohttp", "socketio", "vwindow", "signaling", "kiosk_agent"}),
    "kiosk_agent": ({"devices", "signaling.wire", "signaling.events"}, {"sqlmodel"}),
}
SEAMS = {"vwindow/sfu/transport.py", "kiosk_agent/media.py"}


def sources() -> list[Path]:
    return sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            # "from package import module" means the module, not the package.
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in names if is_module(name)}
            found.update(modules)
            if modules != names:
                found.add(node.module)
    return found


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def rule_for(module: str) -> tuple[set[str], set[str]] | None:
    while module:
        if module in TABLE:
            ours, foreign = TABLE[module]
            ground = set() if module.startswith(("devices", "kiosk_agent", "signaling.wire")) else GROUND
            return ours | ground | {module}, foreign
        module = module.rpartition(".")[0]
    return None


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST, f"{path} is longer than {LONGEST} lines"
    name = path.stem
    assert name not in {"utils", "helpers", "common", "manager", "handler", "base"}, f"{path}: name the noun it holds"
    if name == "__init__":
        body = ast.parse(text).body
        assert len(body) <= 1, f"{path}: only a docstring"
    rule = rule_for(module_of(path))
    if rule is None:
        return
    ours, foreign = rule
    for module in imports_of(path):
        if within(module, set(OURS)):
            if module in OURS:
                continue
            assert within(module, ours), f"{path} may not import {module}"
        else:
            assert not within(module, foreign), f"{path} must stay free of {module}"


def test_aiortc_is_touched_at_its_two_seams_only() -> None:
    users = {str(p.relative_to(ROOT)) for p in sources() if any(within(m, {"aiortc"}) for m in imports_of(p))}
    assert users == SEAMS


def test_every_queue_is_bounded() -> None:
    for path in sources():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not re.search(r"\b(?:asyncio\.|queue\.)?(?:Simple)?Queue(?:\[[^]]*\])?\(\)", line), (
                f"{path}:{number}"
            )
            assert not re.search(r"\bdeque\(\)", line), f"{path}:{number}: say maxlen"


def test_no_port_is_cast_back_to_a_class() -> None:
    for name in ("sfu", "desk", "recording"):
        for path in (ROOT / "vwindow" / name).rglob("ports.py"):
            assert "runtime_checkable" not in path.read_text(encoding="utf-8")


def test_the_product_names_no_machine() -> None:
    words = re.compile(r"/work/|\.\./shared|pypi\.org|registry\.npmjs|files\.pythonhosted|debian\.org")
    for path in [*sources(), ROOT / "requirements.lock", ROOT / "static" / "package-lock.json"]:
        found = words.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path}: {found.group() if found else ''}"
