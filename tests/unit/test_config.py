"""Settings: one file, the environment, and a clear word for what is wrong."""

import socket
from pathlib import Path

import pytest

from vwindow.config import ConfigError, load


def test_defaults_make_a_whole_server(tmp_path: Path) -> None:
    settings = load(None, {}, {"data_dir": tmp_path})
    assert settings.url == "http://127.0.0.1:8600"
    assert settings.database_url == f"sqlite:///{tmp_path / 'vwindow.db'}"
    assert ("127.0.0.1", 8650) in settings.media_addresses[0]


def test_file_then_environment_then_command_line(tmp_path: Path) -> None:
    file = tmp_path / "vwindow.toml"
    file.write_text('port = 9000\nring_seconds = 30\nlog_format = "json"\n', encoding="utf-8")
    given = {"VWINDOW_PORT": "9001", "VWINDOW_MEDIA_LISTEN": "127.0.0.1:1,[::1]:2", "VWINDOW_MEDIA_WORKERS": "2"}
    settings = load(file, given, {"ring_seconds": 5})
    assert (settings.port, settings.ring_seconds, settings.log_format) == (9001, 5.0, "json")
    assert settings.media_addresses == [[("127.0.0.1", 1), ("::1", 2)], [("127.0.0.1", 2), ("::1", 3)]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("recording_polcy = 'ask'", "unknown setting 'recording_polcy'; did you mean 'recording_policy'?"),
        ("port = 'many'", "port:"),
        ("media_listen = ['0.0.0.0:8650']", "media_listen:"),
        ("media_workers = 2\nmedia_listen = ['127.0.0.1:5', '127.0.0.1:6']", "would share a port"),
        ("media_workers = 3\nmedia_port = 65534", "no ports left"),
        ("tls_key = 'a.pem'", "tls_certificate and tls_key go together"),
        (f"data_dir = '/{'d' * 93}'", "data_dir: 1 bytes too long"),
        (f"media_workers = 10\ndata_dir = '/{'数' * 31}'", "data_dir: 2 bytes too long"),
        ("port = = 3", "is not TOML"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_says_why(tmp_path: Path, values: str, words: str) -> None:
    file = tmp_path / "vwindow.toml"
    file.write_text(values, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert words in str(caught.value)


def test_the_longest_data_directory_has_room_for_a_socket() -> None:
    folder = load(None, {"VWINDOW_DATA_DIR": f"/tmp/{'d' * 88}"}).data_dir
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(FileNotFoundError):
        probe.connect(str(folder / "worker-1.sock"))


def test_an_unknown_variable_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="did you mean 'data_dir'"):
        load(None, {"VWINDOW_DATADIR": "x"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.toml", {})


def test_secrets_print_as_stars() -> None:
    settings = load(None, {"VWINDOW_DATABASE": "postgresql+psycopg://u:hunter2@h/d"})
    assert "hunter2" not in repr(settings)
    assert settings.database_url.endswith("hunter2@h/d")


def test_settings_cannot_be_changed() -> None:
    settings = load(None, {})
    with pytest.raises(Exception, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_the_public_address_is_an_own_origin() -> None:
    settings = load(
        None, {"VWINDOW_PUBLIC_URL": "https://desk.example/vw/", "VWINDOW_ALLOWED_ORIGINS": "http://a, http://b"}
    )
    assert settings.origins == ["https://desk.example", "http://a", "http://b"]
    assert load(None, {}).origins == []
