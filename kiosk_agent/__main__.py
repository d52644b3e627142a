"""`vwindow-kiosk`: enrol, run, check."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from devices.errors import DeviceUnavailable
from kiosk_agent import check, logs
from kiosk_agent.agent import Agent
from kiosk_agent.enrol import enrol
from kiosk_agent.enrolment import EnrolmentError
from kiosk_agent.server_http import CERTIFICATE_ERRORS, UNREACHABLE_ERRORS, PinError, ServerError
from kiosk_agent.settings import Settings, SettingsError, load

SETTINGS = ("data_dir", "port", "camera", "browser", "static_dir", "log_format", "log_level")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    root = argparse.ArgumentParser(prog="vwindow-kiosk", description="The process beside a kiosk's page.")
    root.add_argument("--config", type=Path, help="settings file (TOML); default vwindow-kiosk.toml if there is one")
    commands = root.add_subparsers(dest="command", required=True)
    enrolling = commands.add_parser("enrol", help="enrol this kiosk once with a one-time code")
    enrolling.add_argument("--server", required=True, help="address of the server, like https://window.example")
    enrolling.add_argument("--code", required=True, help="the whole code that the administrator got")
    running = commands.add_parser("run", help="serve the kiosk page and keep the link to the server")
    running.add_argument("--port", type=int, help="port of the page on 127.0.0.1 (8700); 0 takes a free one")
    running.add_argument("--no-browser", dest="browser", action="store_false", default=None)
    running.add_argument("--static-dir", type=Path, help="where the built pages are")
    checking = commands.add_parser("check", help="look at every configured device once")
    checking.add_argument("--json", action="store_true")
    for command in (enrolling, running, checking):
        command.add_argument("--data-dir", type=Path, help="key, enrolment and copies (var/kiosk)")
        command.add_argument("--log-format", choices=logs.FORMATS)
        command.add_argument("--log-level", choices=("debug", "info", "warning", "error"))
    for command in (running, checking):
        command.add_argument("--camera", help="simulated, v4l2:/dev/video0, file:clip.mp4 or absent")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    given = parser().parse_args(arguments)
    values = {name: value for name in SETTINGS if (value := getattr(given, name, None)) is not None}
    try:
        settings = load(given.config, os.environ, values)
    except SettingsError as error:
        return _fail(str(error))
    logs.configure(settings.log_format, settings.log_level)
    if given.command == "enrol":
        return _enrol(given.server, given.code, settings)
    if given.command == "check":
        found = asyncio.run(check.check(settings))
        _say(check.as_json(found) if given.json else "\n".join(check.lines(found)))
        return check.exit_code(found)
    return _run(settings)


def _enrol(server: str, code: str, settings: Settings) -> int:
    try:
        enrolled = asyncio.run(enrol(server, code, settings.data_dir))
    except PinError as error:
        return _fail(str(error))
    except ServerError as error:
        return _fail(f"the server refuses the code: {error.code}")
    except CERTIFICATE_ERRORS:
        return _fail("the server's certificate is not the one that the code names")
    except UNREACHABLE_ERRORS as error:
        return _fail(f"no enrolment: {error or type(error).__name__}")
    _say(f"enrolled as {enrolled.kiosk} ({enrolled.centre}, {enrolled.window}, {enrolled.city})")
    return 0


def _run(settings: Settings) -> int:
    try:
        asyncio.run(_serve(settings))
    except (EnrolmentError, DeviceUnavailable, ValueError, OSError) as error:
        return _fail(str(error))
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    agent = Agent(settings)
    try:
        await agent.start()
        await stop.wait()
    finally:
        await agent.close()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(text: str) -> int:
    sys.stderr.write(f"vwindow-kiosk: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
