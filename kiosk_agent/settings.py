"""The agent's settings: defaults, then one TOML file, then `VWINDOW_KIOSK_*`, then the command line."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

ENV = "VWINDOW_KIOSK_"
DEFAULT_FILE = Path("vwindow-kiosk.toml")
STATIC = Path(__file__).resolve().parent.parent / "static" / "dist"


class SettingsError(ValueError):
    """Say what is wrong with the settings; stops the start."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent runs with."""

    data_dir: Path = Path("var/kiosk")
    """Key, enrolment, catalogue copy and the browser's profile."""
    port: int = 8700
    """Of the kiosk page on 127.0.0.1; 0 takes a free one."""
    camera: str = "simulated"
    """Driver of the face camera: `v4l2:/dev/video0`, `file:clip.mp4`, `simulated`, `absent`."""
    browser: bool = True
    """Start Chromium in kiosk mode when there is a display."""
    browser_command: str = "chromium"
    browser_flags: tuple[str, ...] = ()
    """More flags for Chromium."""
    turn_ca: str = ""
    """File with the authority that signed the TURN server's certificate; empty: those that the system trusts."""
    relay_only: bool = False
    """Send the picture through a TURN server even where it need not: to try it out."""
    static_dir: Path = STATIC
    """Where the built pages are."""
    log_format: str = "human"
    """`human` or `json`."""
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port = {self.port} is not between 0 and 65535")
        if self.log_format not in ("human", "json"):
            raise SettingsError(f'log_format = "{self.log_format}" is neither "human" nor "json"')
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f'log_level = "{self.log_level}" is not debug, info, warning or error')


KINDS: dict[str, Any] = get_type_hints(Settings)


def load(file: Path | None, environ: Mapping[str, str], given: Mapping[str, object]) -> Settings:
    """Read the settings once; `file` given must exist, `given` holds what the command line sets.

    Raises SettingsError, for an unknown key with the nearest known one.
    """
    if file is None and ENV + "CONFIG" in environ:
        file = Path(environ[ENV + "CONFIG"])
    values: dict[str, object] = {}
    if file is not None or DEFAULT_FILE.is_file():
        values.update(_from_file(file or DEFAULT_FILE))
    for variable, text in environ.items():
        if variable.startswith(ENV) and variable != ENV + "CONFIG":
            name = _known(variable.removeprefix(ENV).lower(), variable)
            values[name] = _from_text(name, text, variable)
    values.update({name: _typed(name, value, "command line") for name, value in given.items()})
    return replace(Settings(), **values)  # type: ignore[arg-type]


def _from_file(file: Path) -> dict[str, object]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    return {_known(name, f"{file}: {name}"): _typed(name, value, str(file)) for name, value in content.items()}


def _known(name: str, written: str) -> str:
    names = [field.name for field in fields(Settings)]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        guess = f'; did you mean "{near[0]}"?' if near else f"; there are: {', '.join(names)}"
        raise SettingsError(f"unknown setting {written}{guess}")
    return name


def _from_text(name: str, text: str, where: str) -> object:
    kind = KINDS[name]
    if kind is bool:
        if text.lower() not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise SettingsError(f'{where}: "{text}" is neither true nor false')
        return text.lower() in ("1", "true", "yes", "on")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f'{where}: "{text}" is not a whole number') from None
    if kind not in (str, Path):
        return tuple(text.split())
    return _typed(name, text, where)


def _typed(name: str, value: object, where: str) -> object:
    kind = KINDS[name]
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    listed = kind not in (str, int, bool, Path) and isinstance(value, list | tuple)
    if listed and isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise SettingsError(f"{where}: {name} = {value!r} has the wrong type")
