"""A whole call on a machine that has nothing but its loopback interface."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/browser/test_call.py::test_a_visitor_calls_staff_answer_and_the_recording_plays"

pytestmark = pytest.mark.browser


def test_a_call_needs_no_network_but_the_loopback() -> None:
    """Run the test of a whole call in a network namespace of its own."""
    tools = [shutil.which("unshare"), shutil.which("ip")]
    assert all(tools), "util-linux and iproute2 are needed: scripts/setup installs them"
    inner = f"ip link set lo up && ip -br addr && exec {sys.executable} -m pytest -q -p no:cacheprovider {TEST}"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", inner],
        cwd=ROOT, env={**os.environ, "VWINDOW_TEST_NAMESPACE": "1"}, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert "eth0" not in done.stdout
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
