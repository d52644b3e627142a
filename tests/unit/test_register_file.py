"""A register file is held to what the pages can show."""

import json
from pathlib import Path

import pytest

from vwindow.config import ConfigError
from vwindow.register_file import RegisterFile

CENTRE = {"centre": "sj", "name": "松江区行政服务中心", "city": "songjiang"}
WINDOW = {"window": "w-sj", "centre": "sj", "kind": "virtual", "name": "长三角专窗"}


def write(folder: Path, centre: dict[str, str], window: dict[str, str]) -> Path:
    file = folder / "register.json"
    file.write_text(json.dumps({"centres": [CENTRE | centre], "windows": [WINDOW | window]}), encoding="utf-8")
    return file


def test_what_the_pages_can_show_is_read(tmp_path: Path) -> None:
    listed = RegisterFile.read(write(tmp_path, {"name": "松" * 64}, {"hours": "周" * 64}))
    assert (len(listed.centres), len(listed.windows)) == (1, 1)


@pytest.mark.parametrize(
    ("centre", "window", "where"),
    [
        ({"name": "松" * 65}, {}, "centres.0.name"),
        ({"hours": "周" * 65}, {}, "centres.0.hours"),
        ({}, {"name": "窗" * 65}, "windows.0.name"),
        ({}, {"hours": "周" * 65}, "windows.0.hours"),
    ],
)
def test_what_they_cannot_show_is_named(
    tmp_path: Path, centre: dict[str, str], window: dict[str, str], where: str
) -> None:
    with pytest.raises(ConfigError, match=where):
        RegisterFile.read(write(tmp_path, centre, window))
