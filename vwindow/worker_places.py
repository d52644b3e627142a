"""Where media workers take their orders: a socket of this machine, or a port of another one."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vwindow.clock import SystemClock
from vwindow.config import ConfigError, Settings
from vwindow.control_tls import WORKER_NAME, ControlFiles, ControlTlsError
from vwindow.media_wires import Wires


class Place(Protocol):
    """Connect to one worker."""

    async def connect(self) -> Wires:
        """Raises OSError when nobody is there or it is not who it should be."""
        ...


@dataclass(frozen=True, slots=True)
class SocketPlace:
    """A worker of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    async def connect(self) -> Wires:
        """Raises OSError."""
        return await Wires.connect(self.path)


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """A worker of another machine, known by its certificate."""

    host: str
    port: int
    context: ssl.SSLContext

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def connect(self) -> Wires:
        """Raises OSError; a certificate that is not good is one too."""
        return await Wires.connect_tls(self.host, self.port, self.context, WORKER_NAME)


def socket_path(folder: Path, number: int) -> Path:
    """Return where worker `number` (from 1) of this machine takes its orders."""
    return folder / f"worker-{number}.sock"


def remote_places(settings: Settings) -> list[RemotePlace]:
    """Return the workers of other machines; raise ConfigError when the certificates cannot be used."""
    files = (settings.media_control_certificate, settings.media_control_key, settings.media_control_ca)
    certificate, key, ca = files
    if certificate is None or key is None or ca is None:
        return []
    try:
        context = ControlFiles(certificate, key, ca).server_end(SystemClock().now())
    except ControlTlsError as error:
        raise ConfigError(f"media_control_certificate, media_control_key, media_control_ca: {error}") from error
    return [RemotePlace(host, port, context) for host, port in settings.media_remote_addresses]


def all_places(settings: Settings) -> Sequence[SocketPlace | RemotePlace]:
    """Return all workers in the order of their numbers, which begin with 1: ours first."""
    ours = [SocketPlace(socket_path(settings.data_dir, number + 1)) for number in range(settings.media_workers)]
    return [*ours, *remote_places(settings)]
