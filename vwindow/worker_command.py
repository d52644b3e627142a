"""The command `vwindow worker`: its arguments, and how it starts."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from vwindow import logs
from vwindow.config import ConfigError

if TYPE_CHECKING:
    from vwindow.sfu.control_door import RemoteOrders


def add_arguments(worker: argparse.ArgumentParser) -> None:
    """Declare what a worker can be told."""
    worker.add_argument("--socket", type=Path, help="where the server of this machine gives its orders")
    worker.add_argument(
        "--listen",
        action="append",
        required=True,
        metavar="HOST:PORT",
        help="UDP; with --standalone: HTTP, loopback only",
    )
    worker.add_argument("--announce", action="append", default=[], metavar="ADDRESS")
    worker.add_argument("--tcp", action="store_true", help="take media over TCP on the same addresses too")
    worker.add_argument("--face-bitrate", type=int, default=1_500_000)
    worker.add_argument("--mark", default="", help="told to a server that comes back: what this was started with")
    worker.add_argument("--recordings", type=Path, metavar="DIR", help="journals are written here and nowhere else")
    worker.add_argument("--recording-cipher", choices=("aes-256-gcm", "sm4-gcm"), default="aes-256-gcm")
    worker.add_argument("--recording-hash", choices=("sha256", "sm3"), default="sha256")
    worker.add_argument("--log-format", choices=("human", "json"), default="human")
    worker.add_argument("--log-level", default="info")
    remote = worker.add_argument_group("for the server of another machine (see docs/workers.md)")
    remote.add_argument("--control", metavar="HOST:PORT", help="take its orders here")
    remote.add_argument("--tls-certificate", type=Path, metavar="FILE", help="worker.pem")
    remote.add_argument("--tls-key", type=Path, metavar="FILE", help="worker-key.pem")
    remote.add_argument("--tls-ca", type=Path, metavar="FILE", help="ca.pem")
    alone = worker.add_argument_group("without a server: WHIP and WHEP")
    alone.add_argument("--standalone", action="store_true")
    alone.add_argument("--udp", action="append", default=[], metavar="HOST:PORT", help="where media come and go")
    alone.add_argument("--token", default="", help="bearer token for all rooms")
    alone.add_argument("--record", type=Path, metavar="DIR", help="write a journal of each room here, and their key")
    alone.add_argument("--video", choices=("vp8", "h264"), default="vp8", help="what all pictures are")


def run(given: argparse.Namespace) -> int:
    """Run a worker to its end; return the exit status. Raises ConfigError and OSError when it cannot start."""
    from vwindow.recording.journal import JournalRecorder
    from vwindow.recording.suite import Suite
    from vwindow.sfu.worker import run_worker

    logs.set_up(given.log_format, given.log_level)
    if given.standalone:
        return _standalone(given)
    if given.udp or given.token or given.record:
        raise ConfigError("worker: --udp, --token and --record only with --standalone")
    if given.socket is None and given.control is None:
        raise ConfigError("worker: --socket or --control is needed without --standalone")
    if given.recordings is None:
        raise ConfigError("worker: --recordings is needed without --standalone")
    listen = _addresses(given.listen)
    suite = Suite(given.recording_cipher, given.recording_hash)
    uvloop.run(
        run_worker(
            given.socket,
            listen,
            JournalRecorder(suite=suite, root=given.recordings),
            given.announce or None,
            face_bitrate=given.face_bitrate,
            mark=given.mark,
            tcp=given.tcp,
            remote=_remote(given),
        )
    )
    return 0


def _remote(given: argparse.Namespace) -> "RemoteOrders | None":
    files = (given.tls_certificate, given.tls_key, given.tls_ca)
    if given.control is None:
        if any(files):
            raise ConfigError("worker: --tls-certificate, --tls-key and --tls-ca only with --control")
        return None
    if not all(files):
        raise ConfigError("worker: --control needs --tls-certificate, --tls-key and --tls-ca")
    from vwindow.clock import SystemClock
    from vwindow.control_tls import SERVER_NAME, ControlFiles, ControlTlsError
    from vwindow.sfu.control_door import RemoteOrders

    ((host, port),) = _addresses([given.control])
    try:
        context = ControlFiles(*files).worker_end(SystemClock().now())
    except ControlTlsError as error:
        raise ConfigError(f"worker: {error}") from error
    return RemoteOrders(host, port, context, SERVER_NAME)


def _standalone(given: argparse.Namespace) -> int:
    from vwindow.standalone import run_standalone

    if len(given.listen) != 1 or not given.udp or not given.token or given.socket or given.control:
        raise ConfigError("worker --standalone: one --listen, --udp and --token, no --socket, no --control")
    (listen,) = _addresses(given.listen)
    uvloop.run(run_standalone(listen, _addresses(given.udp), given.token, given.record, given.video, tcp=given.tcp))
    return 0


def _addresses(entries: Sequence[str]) -> list[tuple[str, int]]:
    pairs = [entry.rpartition(":") for entry in entries]
    for host, _, port in pairs:
        if not host or not port.isdecimal():
            raise ConfigError(f"{host}:{port} is not HOST:PORT")
    return [(host.strip("[]"), int(port)) for host, _, port in pairs]
