"""The servers that are measured: started fresh for each run, their processor time and memory read from /proc."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Protocol

import aiohttp

from tests.stack import ROOT, free_port

TOKEN = "bench"
TICK = os.sysconf("SC_CLK_TCK")


class Server(Protocol):
    """A server of this run."""

    name: str
    base: str
    record_dir: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cpu(self) -> float: ...

    def memory(self) -> int: ...


class Process:
    """One process tree."""

    name = ""

    def __init__(self, folder: Path, host: str, *, record: bool) -> None:
        self.folder = folder
        self.host = host
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.record_dir = str(folder / "recordings") if record else ""
        if record:
            (folder / "recordings").mkdir()
        self._process: asyncio.subprocess.Process | None = None

    def command(self) -> list[str]:
        """Return the command line."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*self.command(), cwd=ROOT, stdout=log, stderr=log)
        async with aiohttp.ClientSession() as session, asyncio.timeout(20):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(self.base + "/janus/info"):
                        return
                assert self._process.returncode is None, (self.folder / "server.log").read_text()
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    def cpu(self) -> float:
        """Return the processor seconds that the whole tree has used."""
        total = 0
        for pid in self._tree():
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15])
        return total / TICK

    def memory(self) -> int:
        """Return the proportional set size of the whole tree in bytes."""
        total = 0
        for pid in self._tree():
            for row in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if row.startswith("Pss:"):
                    total += int(row.split()[1]) * 1024
        return total

    def _tree(self) -> list[int]:
        assert self._process is not None
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                    children.setdefault(int(fields[1]), []).append(int(entry.name))
        found = [self._process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found


class Ours(Process):
    """Our worker in standalone mode."""

    name = "ours"

    def command(self) -> list[str]:
        recording = ["--record", self.record_dir] if self.record_dir else []
        return [
            sys.executable, "-m", "vwindow", "worker", "--standalone", "--listen", f"127.0.0.1:{self.port}",
            "--udp", f"{self.host}:0", "--token", TOKEN, "--log-level", "warning", *recording,
        ]  # fmt: skip


class JanusServer(Process):
    """Janus of the Debian package with its videoroom, ICE-lite like ours."""

    name = "janus"

    def command(self) -> list[str]:
        configuration = self.folder / "janus"
        configuration.mkdir()
        # Sessions must outlive a load that leaves no time for keep-alives.
        general = 'general: { session_timeout = 0\n debug_level = 2 }\nmedia: { rtp_port_range = "20000-40000" }\n'
        nat = f'nat: {{ ice_lite = true\n full_trickle = false\n ice_enforce_list = "{self.host}" }}\n'
        unwanted = 'plugins: { disable = "' + ",".join(_others()) + '" }\n'
        transport = f'general: {{ json = "plain"\n http = true\n port = {self.port}\n ip = "127.0.0.1" }}\n'
        (configuration / "janus.jcfg").write_text(general + nat + unwanted, encoding="ascii")
        (configuration / "janus.transport.http.jcfg").write_text(transport, encoding="ascii")
        (configuration / "janus.plugin.videoroom.jcfg").write_text("general: {}\n", encoding="ascii")
        return [janus_path() or "janus", "--configs-folder", str(configuration)]


def _others() -> list[str]:
    names = "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail"
    return [f"libjanus_{name}.so" for name in names.split()]


def janus_path() -> str | None:
    """Return where the Debian package has put Janus, None when it is not installed."""
    return shutil.which("janus")
