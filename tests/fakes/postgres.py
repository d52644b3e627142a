"""A real PostgreSQL cluster for one test: own folder, Unix socket only, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

MISSING = "PostgreSQL is not installed: run scripts/setup (it needs initdb and pg_ctl in /usr/lib/postgresql/*/bin)"


def programs() -> Path:
    """Return the newest folder with initdb and pg_ctl; raise FileNotFoundError with what to do."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if not found:
        raise FileNotFoundError(MISSING)
    return found[-1].parent


@contextmanager
def postgres() -> Iterator[str]:
    """Start a cluster and give its SQLAlchemy URL; runs as the user "postgres" when we are root."""
    binaries = programs()
    # A short path: a Unix socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="vw-pg-"))
    data, user = folder / "data", pwd.getpwuid(os.getuid()).pw_name
    as_user: list[str] = []
    if os.getuid() == 0:
        # initdb and the server refuse to run as root.
        user, as_user = "postgres", ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, user)

    def run(*words: str) -> None:
        done = subprocess.run([*as_user, *words], cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words[0]}: {done.stdout}{done.stderr}"

    try:
        run(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "vwindow", "-E", "UTF8", "--no-sync",
            "--locale=C")  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        # A log file is needed: pg_ctl's child would keep our pipe open.
        run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://vwindow@/postgres?host={quote(str(folder), safe='')}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
