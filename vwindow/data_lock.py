"""One server per data directory: a second one would take the media workers away from the first."""

import fcntl
import os
from pathlib import Path

from vwindow.errors import Unavailable


class DataLock:
    """Hold a data directory; it is let go by `release` or with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        """Take it; raises Unavailable("already_running")."""
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise Unavailable("already_running", f"another server uses {folder}") from error

    def release(self) -> None:
        """Let it go."""
        os.close(self._fd)
