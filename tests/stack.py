"""The whole house as a person starts it: server, media worker and a kiosk agent as real processes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 40.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """Addresses, accounts and processes of one running house."""

    folder: Path
    kiosk: str = "sj-01"
    port: int = field(default_factory=free_port)
    agent_port: int = field(default_factory=free_port)
    media_port: int = field(default_factory=lambda: free_port(socket.SOCK_DGRAM))
    settings: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    before: list[str] = field(default_factory=list)
    """In front of the server's command: where it runs."""
    camera: str = "simulated"
    server: asyncio.subprocess.Process | None = None
    agent: asyncio.subprocess.Process | None = None
    accounts: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def console_url(self) -> str:
        return f"{self.url}/console/"

    @property
    def kiosk_url(self) -> str:
        return f"http://127.0.0.1:{self.agent_port}/"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "VWINDOW_HOST": self.host,
            "VWINDOW_PORT": str(self.port),
            "VWINDOW_DATA_DIR": str(self.folder / "var"),
            "VWINDOW_RECORDINGS_DIR": str(self.folder / "recordings"),
            "VWINDOW_MEDIA_PORT": str(self.media_port),
            **self.settings,
        }
        return {**os.environ, **own}

    async def run(self, *arguments: str) -> str:
        """Run one of our commands to its end and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, env=self.environment, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{arguments}: {err.decode()}")
        return out.decode()

    def _log(self, name: str) -> Any:
        return (self.folder / f"{name}.log").open("ab")

    async def start_server(self, *, accounts: bool = True) -> None:
        """Start the server and wait until it is ready; demo accounts are read at the first start."""
        ready, people = self.folder / "ready.json", self.folder / "accounts.json"
        ready.unlink(missing_ok=True)
        extra = ["--accounts-file", str(people)] if accounts else []
        with self._log("server") as log:
            self.server = await asyncio.create_subprocess_exec(
                *self.before, sys.executable, "-m", "vwindow", "serve", *(["--demo"] if accounts else []),
                "--ready-file", str(ready), *extra, env=self.environment, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        await self._until(ready, self.server, "server")
        if accounts:
            found = json.loads(people.read_text(encoding="utf-8"))
            self.accounts = {entry["account"]: entry["password"] for entry in found}

    async def start_agent(self) -> None:
        """Enrol the kiosk when it is new, start its agent and wait for its page."""
        state = self.folder / "kiosk"
        if not (state / "kiosk.json").exists():
            code = (await self.run("vwindow", "kiosk", "code", self.kiosk)).strip().splitlines()[-1]
            await self.run("kiosk_agent", "enrol", "--data-dir", str(state), "--server", self.url, "--code", code)
        with self._log("agent") as log:
            self.agent = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "kiosk_agent", "run", "--data-dir", str(state), "--port", str(self.agent_port),
                "--no-browser", "--camera", self.camera, env=self.environment, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        await self._until_page()

    async def _until(self, file: Path, process: asyncio.subprocess.Process, name: str) -> None:
        end = asyncio.get_running_loop().time() + START_SECONDS
        while not (file.exists() and file.stat().st_size):
            if process.returncode is not None or asyncio.get_running_loop().time() > end:
                raise RuntimeError(f"{name} did not start:\n{self.log(name)}")
            await asyncio.sleep(0.05)

    async def _until_page(self) -> None:
        end = asyncio.get_running_loop().time() + START_SECONDS
        async with aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(self.kiosk_url) as response:
                        if response.status == 200:
                            return
                assert self.agent is not None
                if self.agent.returncode is not None or asyncio.get_running_loop().time() > end:
                    raise RuntimeError(f"agent did not start:\n{self.log('agent')}")
                await asyncio.sleep(0.05)

    def log(self, name: str) -> str:
        """Return the last lines that a process logged."""
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace")[-8000:] if path.exists() else ""

    async def kill_server(self) -> None:
        """Kill the server as a power cut would; its worker lives on."""
        assert self.server is not None
        self.server.send_signal(signal.SIGKILL)
        await self.server.wait()

    def worker_pid(self, number: int = 1) -> int:
        """Return the process of a media worker, as the kernel names the one behind its socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.folder / "var" / f"worker-{number}.sock"))
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])

    def kill_worker(self, number: int = 1) -> None:
        """Kill a media worker as an out-of-memory killer would."""
        os.kill(self.worker_pid(number), signal.SIGKILL)

    async def stop(self) -> None:
        """Stop everything in the order of a clean shutdown."""
        for process in (self.agent, self.server):
            if process is None or process.returncode is not None:
                continue
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 25)
            except TimeoutError:
                process.kill()
                await process.wait()
