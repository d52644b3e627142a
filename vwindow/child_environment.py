"""The environment of processes that the server starts: without its secrets; what they need comes by pipe."""

import os

SECRETS = frozenset({"VWINDOW_MASTER_KEY", "VWINDOW_DATABASE", "VWINDOW_TURN_SECRET"})


def child_environment() -> dict[str, str]:
    """Return this process's environment without the secret settings."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}
