"""Drivers are names: chosen, imported and refused by name. Needs nothing."""

import subprocess
import sys
from importlib import metadata

import pytest

from devices import registry
from devices.driver import Driver
from devices.errors import DeviceUnavailable, UnknownDriver


def test_unknown_name_lists_the_alternatives_and_guesses() -> None:
    with pytest.raises(UnknownDriver, match=r'did you mean "simulated".*absent, file, simulated, v4l2'):
        registry.face_camera("simulted")


@pytest.mark.parametrize(
    "written",
    ["simulated:640x481", "simulated:9x9", "simulated:sparkle", "simulated:freeze:nan", "simulated:pulled:-1",
     "absent:now", "file:", "v4l2:video0", "v4l2:/dev/video0,big"],
)  # fmt: skip
def test_wrong_options_are_refused(written: str) -> None:
    with pytest.raises(ValueError):
        registry.face_camera(written)


def test_a_missing_package_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = {"thing": Driver("devices.face_camera.no_such_driver:make", extra="thing")}
    monkeypatch.setattr(registry, "drivers", lambda kind: drivers)
    with pytest.raises(DeviceUnavailable, match=r"install vwindow\[thing\]"):
        registry.face_camera("thing")


def test_only_the_chosen_driver_is_imported() -> None:
    code = (
        "import sys; from devices import registry; registry.face_camera('absent');"
        "print([m for m in ('av', 'cv2', 'devices.face_camera.v4l2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_there_is_exactly_one_opencv() -> None:
    # The headless build writes the same files as opencv-python: with both, it is chance which one runs.
    builds = {name for dist in metadata.distributions() if (name := dist.metadata["Name"].lower()).startswith("opencv")}
    assert builds == {"opencv-python"}
    assert metadata.version("opencv-python").startswith("4.14.")
