"""The command `vwindow`."""

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from vwindow import addresses, config, descriptors, logs, worker_command
from vwindow.config import ConfigError, Settings
from vwindow.errors import VWindowError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except ConfigError as error:
        print(f"vwindow: {error}", file=sys.stderr)  # noqa: T201 - a word to the person at the terminal
        return 2
    except VWindowError as error:
        print(f"vwindow: {error.code}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(f"vwindow: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vwindow", description="Virtual-window video help desk.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the server")
    _settings_arguments(serve)
    serve.add_argument("--demo", action="store_true", help="load demo data; print accounts with new passwords")
    serve.add_argument("--ready-file", type=Path, help="write {url, pid} here when ready")
    serve.add_argument("--accounts-file", type=Path, help="with --demo: write the accounts here (0600), do not print")
    serve.set_defaults(run=_serve)

    worker = commands.add_parser(
        "worker", help="run a media worker (started by the server, or for one on another machine)"
    )
    worker_command.add_arguments(worker)
    worker.set_defaults(run=worker_command.run)

    token = commands.add_parser("token", help="print a token to publish or play one source of a call (WHIP, WHEP)")
    token.add_argument("room")
    token.add_argument("--side", default="kiosk", choices=("kiosk", "staff"))
    token.add_argument("--source", default="face", choices=("face", "microphone", "document", "screen"))
    token.add_argument("--play", action="store_true", help="to play; without it, to publish")
    token.add_argument("--minutes", type=int, default=60)
    _settings_arguments(token)
    token.set_defaults(run=_token)

    control = commands.add_parser("control-certificates", help="make certificates for workers on other machines")
    control.add_argument("folder", type=Path, metavar="DIR", help="an authority in it is used again")
    control.set_defaults(run=_control_certificates)

    catalogue = commands.add_parser("catalogue", help="the service items").add_subparsers(required=True)
    export = catalogue.add_parser("export", help="print the 195 items")
    export.add_argument("--json", action="store_true", required=True)
    export.set_defaults(run=_export)

    kiosk = commands.add_parser("kiosk", help="kiosks").add_subparsers(required=True)
    code = kiosk.add_parser("code", help="print a one-time enrolment code (15 min)")
    code.add_argument("kiosk")
    _settings_arguments(code)
    code.set_defaults(run=_kiosk_code)

    recording = commands.add_parser("recording", help="recordings").add_subparsers(required=True)
    verify = recording.add_parser("verify", help="say whether chain, seals and files of a recording hold; exit 0 or 1")
    verify.add_argument("target", metavar="PATH|ID", help="a recording's id, its folder, a journal or a sealed file")
    verify.add_argument("--key-file", type=Path, help="where the key is, for what the server keeps no account of")
    _settings_arguments(verify)
    verify.set_defaults(run=_recording_verify)
    export = recording.add_parser("export", help="make one plain file; noted in the view log")
    export.add_argument("recording", metavar="ID")
    export.add_argument("--mp4", type=Path, required=True, metavar="FILE")
    export.add_argument("--main", default="kiosk", help="shown large: kiosk, staff, kiosk.document, …")
    export.add_argument("--inset", default="staff", help="shown small")
    _settings_arguments(export)
    export.set_defaults(run=_recording_export)

    register = commands.add_parser("register", help="centres, windows and kiosks").add_subparsers(required=True)
    take = register.add_parser("import", help="add or change what a JSON file lists")
    take.add_argument("file", type=Path)
    _settings_arguments(take)
    take.set_defaults(run=_register_import)

    workers = commands.add_parser("workers", help="the running media workers").add_subparsers(required=True)
    show = workers.add_parser("list", help="print number, process, rooms")
    _settings_arguments(show)
    show.set_defaults(run=_workers_list)
    drain = workers.add_parser("drain", help="let one take no new calls, and start anew when its last one ends")
    drain.add_argument("number", type=int)
    _settings_arguments(drain)
    drain.set_defaults(run=_workers_drain)

    staff = commands.add_parser("staff", help="accounts").add_subparsers(required=True)
    add = staff.add_parser("add", help="make an account; reads the password from standard input")
    for name in ("account", "name", "number", "centre"):
        add.add_argument(name)
    add.add_argument("--role", default="staff", choices=("staff", "supervisor", "technician", "admin", "evaluator"))
    add.add_argument("--scope", default="centre", choices=("centre", "city", "all"))
    add.add_argument("--post", default="A", choices=("A", "B"))
    add.add_argument("--skill", action="append", default=[], metavar="CITY:GROUP", help="whom to serve; group * is all")
    _settings_arguments(add)
    add.set_defaults(run=_staff_add)
    unlock = staff.add_parser("unlock", help="forget the wrong passwords of an account")
    unlock.add_argument("account")
    _settings_arguments(unlock)
    unlock.set_defaults(run=_staff_unlock)
    disable = staff.add_parser("disable", help="end an account and its sessions")
    disable.add_argument("account")
    _settings_arguments(disable)
    disable.set_defaults(run=_staff_disable)
    password = staff.add_parser("password", help="read a new password from standard input; ends all sessions")
    password.add_argument("account")
    _settings_arguments(password)
    password.set_defaults(run=_staff_password)
    return parser


def _settings_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file with settings")
    parser.add_argument("--lan", action="store_true", help="serve other machines: primary address, self-signed TLS")


def _settings(given: argparse.Namespace) -> Settings:
    settings = config.load(given.config, config.environment())
    if given.lan:
        address = addresses.primary_address()
        if address is None:
            raise ConfigError("--lan: this machine has no address besides the loopback")
        from vwindow.terminal import lan_certificate

        certificate, key = lan_certificate(settings.data_dir, address)
        changes = {"host": address, "tls_certificate": certificate, "tls_key": key}
        settings = config.load(given.config, config.environment(), changes)
    return settings


def _serve(given: argparse.Namespace) -> int:
    from vwindow.app import serve

    settings = _settings(given)
    logs.set_up(settings.log_format, settings.log_level)
    descriptors.raise_limit()

    def ready(accounts: Sequence[object]) -> None:
        rows = [dataclasses.asdict(account) for account in accounts]  # type: ignore[call-overload]
        if given.accounts_file is not None:
            private = os.open(given.accounts_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(private, "w", encoding="utf-8") as file:
                json.dump(rows, file, ensure_ascii=False)
        elif rows:
            _print_accounts(rows)
        if given.ready_file is not None:
            given.ready_file.write_text(json.dumps({"url": settings.url, "pid": os.getpid()}), encoding="utf-8")

    uvloop.run(serve(settings, load_demo=given.demo, ready=ready))
    return 0


def _print_accounts(rows: list[dict[str, str]]) -> None:
    lines = ["", "  Demo accounts (passwords are new at each start):"]
    lines += [f"    {row['account']:<20} {row['password']:<16} {row['role']:<11} {row['centre_name']}" for row in rows]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()


def _token(given: argparse.Namespace) -> int:
    from vwindow.terminal import stream_token

    if not 1 <= given.minutes <= 24 * 60:
        raise ConfigError("--minutes: from 1 to 1440")
    token = stream_token(
        _settings(given), "whep" if given.play else "whip", given.room, given.side, given.source, given.minutes
    )
    sys.stdout.write(token + "\n")
    return 0


def _control_certificates(given: argparse.Namespace) -> int:
    from vwindow.clock import SystemClock
    from vwindow.control_certificates import make_certificates

    sys.stdout.write("".join(f"{path}\n" for path in make_certificates(given.folder, SystemClock().now())))
    return 0


def _export(given: argparse.Namespace) -> int:
    from vwindow.catalogue.export import export_json

    sys.stdout.write(export_json())
    return 0


def _kiosk_code(given: argparse.Namespace) -> int:
    from vwindow.terminal import kiosk_code

    sys.stdout.write(asyncio.run(kiosk_code(_settings(given), given.kiosk)) + "\n")
    return 0


def _recording_verify(given: argparse.Namespace) -> int:
    from vwindow.kept_recordings import verify

    findings = verify(_settings(given), given.target, given.key_file)
    holds = bool(findings) and all(finding.holds for finding in findings)
    verdict = "all holds" if holds else "NOT all holds" if findings else "there is nothing to verify"
    sys.stdout.write("".join(f"{finding}\n" for finding in findings) + verdict + "\n")
    return 0 if holds else 1


def _recording_export(given: argparse.Namespace) -> int:
    from vwindow.kept_recordings import export

    made = export(_settings(given), given.recording, given.mp4, given.main, given.inset)
    sys.stdout.write(f"{given.mp4}: {made['seconds']:.1f} s, {made['bytes']} bytes, {made['codec']}\n")
    return 0


def _register_import(given: argparse.Namespace) -> int:
    from vwindow.terminal import register_import

    counts = asyncio.run(register_import(_settings(given), given.file))
    sys.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + "\n")
    return 0


def _workers_list(given: argparse.Namespace) -> int:
    from vwindow.worker_orders import look

    for state in asyncio.run(look(_settings(given))):
        words = f"{state.place}, {state.rooms} rooms" if state.runs else f"{state.place}: {state.trouble}"
        sys.stdout.write(f"{state.number}: {words}{', draining' if state.draining else ''}\n")
    return 0


def _workers_drain(given: argparse.Namespace) -> int:
    from vwindow.worker_orders import drain

    asyncio.run(drain(_settings(given), given.number))
    return 0


def _staff_add(given: argparse.Namespace) -> int:
    from vwindow.ids import CentreId
    from vwindow.store.people import NewPerson
    from vwindow.terminal import staff_add

    password = sys.stdin.readline().rstrip("\n")
    person = NewPerson(
        account=given.account,
        name=given.name,
        number=given.number,
        centre=CentreId(given.centre),
        role=given.role,
        scope=given.scope,
        post=given.post,
        skills=[(city, group) for city, _, group in (skill.partition(":") for skill in given.skill)],
    )
    asyncio.run(staff_add(_settings(given), person, password))
    return 0


def _staff_unlock(given: argparse.Namespace) -> int:
    from vwindow.terminal import staff_unlock

    asyncio.run(staff_unlock(_settings(given), given.account))
    return 0


def _staff_disable(given: argparse.Namespace) -> int:
    from vwindow.terminal import staff_disable

    asyncio.run(staff_disable(_settings(given), given.account))
    return 0


def _staff_password(given: argparse.Namespace) -> int:
    from vwindow.terminal import staff_password

    asyncio.run(staff_password(_settings(given), given.account, sys.stdin.readline().rstrip("\n")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
