"""Settings: read once from one TOML file and `VWINDOW_*`, frozen, complete, with a suggestion for a wrong key."""

import difflib
import os
import ssl
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from vwindow import addresses, turn

PREFIX = "VWINDOW_"
TURN_SECRET_LENGTH = 16
SOCKET_PATH_BYTES = 107
"""What the kernel takes of the path of a Unix socket."""


class ConfigError(Exception):
    """A setting is unknown or wrong; the message is for the person who starts the server."""


class Settings(BaseModel):
    """All settings of `vwindow serve`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, le=65535)
    public_url: str = ""
    """What browsers and agents call this server; derived from host and port when empty."""
    allowed_origins: list[str] = []
    """Further origins that may use the server, for a proxy with another name."""
    connections_per_address: int = Field(default=512, ge=8, le=100_000)
    """TCP connections that one address may hold; more where all of them come through a proxy of another machine."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    data_dir: Path = Path("var")
    recordings_dir: Path = Path("recordings")
    master_key: SecretStr = SecretStr("")
    """64 hex digits, or `1:…,2:…` with the numbers of several; when empty, files in `data_dir/keys`. Wraps the keys of
    recordings and seals names: better from the environment or a secret store than from a file beside the data."""
    static_dir: Path = Path(__file__).resolve().parent.parent / "static" / "dist"
    database: SecretStr = SecretStr("")
    """SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`); SQLite in data_dir when empty."""

    media_listen: list[str] = []
    """`host:port` of the media worker's UDP sockets; each address by name, never 0.0.0.0. When empty: the
    loopback and the primary address with media_port."""
    media_port: int = Field(default=8650, ge=1, le=65535)
    media_workers: int = Field(default=1, ge=0, le=64)
    """How many media worker processes on this machine; each has a UDP port of its own: media_port (and each port of
    media_listen) and the ones after it. 0 with media_remote only."""
    media_remote: list[str] = []
    """`host:port` where media workers of other machines take orders (`vwindow worker --control`)."""
    media_control_certificate: Path | None = None
    media_control_key: Path | None = None
    media_control_ca: Path | None = None
    """With media_remote: `server.pem`, `server-key.pem` and `ca.pem` of `vwindow control-certificates`."""
    media_announce: list[str] = []
    """Public addresses to put into answers instead of the listed ones."""
    media_tcp: bool = True
    """Take media over TCP on the same addresses, for networks that let no UDP out."""
    turn_urls: list[str] = Field(default=[], max_length=8)
    """TURN servers for networks that let neither UDP nor media_tcp through: `turn:host:port?transport=udp|tcp`,
    `turns:host:443?transport=tcp`. None by default."""
    turn_secret: SecretStr = SecretStr("")
    """What the TURN server has as `static-auth-secret`."""
    turn_seconds: int = Field(default=43_200, ge=3600, le=86_400)
    """How long a credential for the TURN server is good, made for one side of one call: longer than any call, since
    a connection that breaks is made anew with it."""
    turn_only: bool = False
    """Send all media through the TURN server: to try it out."""
    face_bitrate: int = Field(default=1_500_000, ge=100_000, le=8_000_000)
    """Bits per second asked of a face camera."""
    video_codec: Literal["vp8", "h264"] = "vp8"
    """What rooms begin with. In H.264 every side must have it, so a room of one that has not begins anew in VP8."""

    recording_policy: Literal["ask", "off"] = "ask"
    recording_on_decline: Literal["call_without", "offline_window"] = "call_without"
    recording_cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    recording_hash: Literal["sha256", "sm3"] = "sha256"
    """What new recordings are sealed and chained with; each file names its own."""
    recording_reminder_seconds: float = Field(default=180.0, ge=5.0, le=3600.0)
    """After which a staff member is reminded that the recording is suspended."""
    ring_seconds: float = Field(default=20.0, ge=2.0, le=120.0)

    log_format: Literal["human", "json"] = "human"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("media_listen")
    @classmethod
    def _named_addresses(cls, value: list[str]) -> list[str]:
        for entry in value:
            host, _, port = entry.rpartition(":")
            if not host or not port.isdigit() or host.strip("[]") in ("0.0.0.0", "::"):
                raise ValueError(f"{entry!r} is not host:port with an address of this machine")
        return value

    @field_validator("media_remote")
    @classmethod
    def _hosts_and_ports(cls, value: list[str]) -> list[str]:
        for entry in value:
            host, _, port = entry.rpartition(":")
            if not addresses.is_host(host.strip("[]")) or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f"{entry!r} is not host:port")
        if len(set(value)) < len(value):
            raise ValueError("a worker is named twice")
        return value

    @model_validator(mode="after")
    def _workers(self) -> "Settings":
        if not self.media_workers and not self.media_remote:
            raise ValueError("media_workers, media_remote: no media worker at all")
        files = (self.media_control_certificate, self.media_control_key, self.media_control_ca)
        if self.media_remote and None in files:
            raise ValueError("media_remote needs media_control_certificate, media_control_key and media_control_ca")
        return self

    @field_validator("turn_urls")
    @classmethod
    def _turn_addresses(cls, value: list[str]) -> list[str]:
        return [turn.check_url(url) for url in value]

    @model_validator(mode="after")
    def _turn_whole(self) -> "Settings":
        if self.turn_urls and len(self.turn_secret.get_secret_value()) < TURN_SECRET_LENGTH:
            raise ValueError(f"turn_urls need a turn_secret of {TURN_SECRET_LENGTH} characters or more")
        if self.turn_only and not self.turn_urls:
            raise ValueError("turn_only needs turn_urls")
        return self

    @model_validator(mode="after")
    def _ports_for_all(self) -> "Settings":
        taken = [address for worker in self.media_addresses for address in worker]
        if len(set(taken)) < len(taken):
            raise ValueError(f"media_listen: {self.media_workers} workers would share a port of one address")
        if any(port > 65535 for _, port in taken):
            raise ValueError(f"media_listen, media_port: no ports left for {self.media_workers} workers")
        return self

    @model_validator(mode="after")
    def _sockets_fit(self) -> "Settings":
        over = len(os.fsencode(self.data_dir / f"worker-{self.media_workers}.sock")) - SOCKET_PATH_BYTES
        if over > 0:
            raise ValueError(f"data_dir: {over} bytes too long for the sockets in it")
        return self

    @model_validator(mode="after")
    def _tls_pair(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL that is in force."""
        return self.database.get_secret_value() or f"sqlite:///{self.data_dir / 'vwindow.db'}"

    @property
    def media_addresses(self) -> list[list[tuple[str, int]]]:
        """Return (host, port) pairs for each media worker."""
        listed = self.media_listen or addresses.media_listen(self.media_port)
        pairs = [(host.strip("[]"), int(port)) for host, _, port in (entry.rpartition(":") for entry in listed)]
        return [[(host, port + worker) for host, port in pairs] for worker in range(self.media_workers)]

    @property
    def media_remote_addresses(self) -> list[tuple[str, int]]:
        """Return where the media workers of other machines take orders."""
        pairs = (entry.rpartition(":") for entry in self.media_remote)
        return [(host.strip("[]"), int(port)) for host, _, port in pairs]

    @property
    def url(self) -> str:
        """Return the address under which pages and agents reach the server."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.tls_certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def origins(self) -> list[str]:
        """Return the origins besides the address of each request: that of public_url, and the allowed ones."""
        parts = urlsplit(self.public_url)
        own = [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
        return [*own, *(origin for origin in self.allowed_origins if origin not in own)]

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the server side of TLS, None without a certificate; raise ConfigError when it cannot be read."""
        if self.tls_certificate is None or self.tls_key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.tls_certificate, self.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"tls_certificate, tls_key: {error}") from error
        return context


def load(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read settings from a TOML file, then `VWINDOW_*`, then overrides; raise ConfigError."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values.update(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not TOML: {error}") from error
    for name, text in environ.items():
        if name.startswith(PREFIX) and not name.startswith((f"{PREFIX}KIOSK_", f"{PREFIX}TEST_")):
            values[name.removeprefix(PREFIX).lower()] = _from_environment(name, text)
    values.update(overrides or {})
    for key in values:
        if key not in Settings.model_fields:
            raise ConfigError(f"unknown setting {key!r}{_suggestion(key)}")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(f"{where}: {first['msg']}") from error


def _from_environment(name: str, text: str) -> Any:
    key = name.removeprefix(PREFIX).lower()
    field = Settings.model_fields.get(key)
    if field is not None and field.annotation == list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _suggestion(key: str) -> str:
    near = difflib.get_close_matches(key, Settings.model_fields, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def environment() -> Mapping[str, str]:
    """Return the process environment."""
    return os.environ
