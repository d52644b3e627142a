"""The agent's settings. Needs nothing."""

from pathlib import Path

import pytest

from kiosk_agent.settings import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_written_is_the_default() -> None:
    assert load(None, {}, {}) == Settings()


def test_file_then_environment_then_command_line(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('port = 1\ncamera = "absent"\nbrowser_flags = ["--a", "--b"]\ndata_dir = "here"\n')
    environ = {"VWINDOW_KIOSK_CONFIG": str(file), "VWINDOW_KIOSK_PORT": "2", "VWINDOW_KIOSK_BROWSER": "no", "HOME": "/"}
    found = load(None, environ, {"port": 3})
    assert found == Settings(
        port=3, camera="absent", browser_flags=("--a", "--b"), data_dir=Path("here"), browser=False
    )


def test_the_file_of_this_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "vwindow-kiosk.toml").write_text("port = 9\n")
    assert load(None, {}, {}).port == 9


@pytest.mark.parametrize(
    ("content", "environ", "says"),
    [
        ("prot = 1", {}, 'did you mean "port"'),
        ("zzzz = 1", {}, "there are: data_dir"),
        ("", {"VWINDOW_KIOSK_CAMRA": "x"}, 'VWINDOW_KIOSK_CAMRA; did you mean "camera"'),
        ('port = "1"', {}, "wrong type"),
        ("port = true", {}, "wrong type"),
        ("browser_flags = [1]", {}, "wrong type"),
        ("port = 70000", {}, "not between"),
        ('log_format = "xml"', {}, "neither"),
        ("port =", {}, "kiosk.toml"),
        ("", {"VWINDOW_KIOSK_PORT": "many"}, "not a whole number"),
        ("", {"VWINDOW_KIOSK_BROWSER": "maybe"}, "neither true nor false"),
    ],
)
def test_what_is_wrong_stops_the_start(content: str, environ: dict[str, str], says: str, tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=says):
        load(file, environ, {})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load(tmp_path / "none.toml", {}, {})
