"""No process that the server starts inherits a secret setting. Needs nothing."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

import vwindow
from vwindow.child_environment import SECRETS, child_environment
from vwindow.config import PREFIX, Settings


def test_every_secret_setting_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert secret == SECRETS
    for name in secret:
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("VWINDOW_LOG_LEVEL", "debug")
    left = child_environment()
    assert "a secret" not in left.values() and left["VWINDOW_LOG_LEVEL"] == "debug"


def test_every_start_of_a_process_uses_it() -> None:
    starts = re.compile(r"(create_subprocess_exec|subprocess\.run|subprocess\.Popen)\(")
    for path in Path(vwindow.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(starts.findall(text)) == text.count("env=child_environment()"), path.name
