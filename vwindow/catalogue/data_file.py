"""Read the catalogue's data files, which are shipped inside the package."""

import json
from importlib import resources
from typing import Any

EDITION = "2025.1"
"""Edition of the list of annex A and of the default rules in use."""


def read(name: str) -> dict[str, Any]:
    """Return the JSON object of a data file by its name, for example "items-2025.1.json"."""
    text = (resources.files("vwindow.catalogue") / "data" / name).read_text(encoding="utf-8")
    value = json.loads(text)
    assert isinstance(value, dict)
    return value
