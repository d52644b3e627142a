"""`vwindow-kiosk` as its user sees it: real processes on 127.0.0.1."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.kiosk_server import kiosk_server

ROOT = Path(__file__).resolve().parents[2]


async def kiosk(*arguments: str, cwd: Path, **environ: str) -> asyncio.subprocess.Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VWINDOW_KIOSK_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kiosk_agent", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**clean, "PYTHONPATH": str(ROOT), **environ}, cwd=cwd,
    )  # fmt: skip


async def done(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_enrol_run_and_stop(tmp_path: Path) -> None:
    async with kiosk_server() as server:
        where = ("--data-dir", str(tmp_path / "kiosk"))
        enrolling = await kiosk("enrol", "--server", server.url, "--code", f"{server.code}.plain", *where, cwd=tmp_path)
        code, out, err = await done(enrolling)
        assert (code, err) == (0, "") and out == "enrolled as kiosk-1 (xinqiao, window-1, songjiang)\n"

        running = await kiosk(
            "run", "--port", "0", "--no-browser", "--camera", "simulated", "--log-format", "json", *where, cwd=tmp_path
        )
        assert running.stderr is not None
        lines: list[str] = []
        async with asyncio.timeout(30):
            while not lines or "link to the server is up" not in lines[-1]:
                lines.append((await running.stderr.readline()).decode())
        assert all(json.loads(line)["logger"].startswith(("kiosk_agent", "devices")) for line in lines)
        assert re.search(r"kiosk page on http://127\.0\.0\.1:\d+/", "".join(lines))
        hello = (await server.until("kiosk.hello"))[0]
        assert set(hello.devices) == {"face_camera"}
        started = time.monotonic()
        running.send_signal(signal.SIGTERM)
        code, _, err = await done(running)
        assert time.monotonic() - started < 2
        assert code == 0 and "Traceback" not in err
        await server.until("disconnect")

        again = await kiosk("enrol", "--server", server.url, "--code", f"{server.code}.plain", *where, cwd=tmp_path)
        code, out, err = await done(again)
        assert (code, out) == (1, "") and err == "vwindow-kiosk: the server refuses the code: enrol_code_used\n"


@pytest.mark.parametrize(
    ("camera", "state", "code"),
    [("simulated", "ready", 0), ("absent", "absent", 0), ("v4l2:/dev/none", "unavailable", 1)],
)
async def test_check_tells_the_camera(camera: str, state: str, code: int, tmp_path: Path) -> None:
    found, out, err = await done(await kiosk("check", "--json", "--camera", camera, cwd=tmp_path))
    assert found == code and json.loads(out)["face_camera"]["state"] == state
    assert "Traceback" not in err


async def test_a_wrong_setting_stops_with_one_line(tmp_path: Path) -> None:
    code, _, err = await done(await kiosk("run", cwd=tmp_path, VWINDOW_KIOSK_CAMRA="x"))
    assert code == 1 and err.count("\n") == 1 and 'did you mean "camera"' in err
    code, _, err = await done(await kiosk("run", "--camera", "simulatd", "--port", "0", cwd=tmp_path))
    assert code == 1 and err.count("\n") == 1 and 'did you mean "simulated"' in err
