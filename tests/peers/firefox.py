"""Stock Firefox ESR over WebDriver BiDi: no driver of its own is needed."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

EXECUTABLE = "firefox-esr"
START_SECONDS = 40.0
COMMAND_SECONDS = 20.0
PREFERENCES: dict[str, object] = {
    # A camera and a microphone that need neither hardware nor a click.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    # Nothing that looks for the network.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "data:,",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.prefs.recommended": True,
    "services.settings.server": "data:,#",
    "toolkit.telemetry.enabled": False,
}


def installed() -> bool:
    """Tell whether Firefox ESR is on this machine."""
    return shutil.which(EXECUTABLE) is not None


class Firefox:
    """One headless Firefox with one tab; use as an async context manager."""

    def __init__(self, **preferences: object) -> None:
        self._preferences = {**PREFERENCES, **preferences}
        self._profile = Path(tempfile.mkdtemp(prefix="vwindow-firefox-"))
        self._process: asyncio.subprocess.Process | None = None
        self._log: list[str] = []
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._context = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        rows = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in self._preferences.items())
        (self._profile / "user.js").write_text("\n".join(rows), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            EXECUTABLE, "--profile", str(self._profile), "--no-remote", "--headless",
            "--remote-debugging-port", "0", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            env={**os.environ, "HOME": str(self._profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
        )  # fmt: skip
        assert self._process.stderr is not None
        async with asyncio.timeout(START_SECONDS):
            while True:
                line = (await self._process.stderr.readline()).decode(errors="replace")
                if not line:
                    raise RuntimeError("Firefox ended:\n" + "".join(self._log))
                self._log.append(line)
                if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                    break
        self._tasks.append(asyncio.create_task(self._drain(self._process.stderr)))
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(f"{found[1]}/session", max_msg_size=0)
        self._tasks.append(asyncio.create_task(self._read(self._socket)))
        await self.command("session.new", capabilities={})
        self._context = (await self.command("browsingContext.getTree"))["contexts"][0]["context"]

    async def _drain(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._log.append(line.decode(errors="replace"))
            del self._log[:-200]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            answer = json.loads(message.data)
            waiting = self._waiting.pop(answer.get("id"), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    async def command(self, method: str, **parameters: Any) -> Any:
        """Give one BiDi command; raises RuntimeError with the browser's words."""
        assert self._socket is not None
        self._count += 1
        future = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._count, "method": method, "params": parameters})
        async with asyncio.timeout(COMMAND_SECONDS):
            answer = await future
        if answer["type"] == "error":
            raise RuntimeError(f"{answer['error']}: {answer['message']}")
        return answer["result"]

    async def go(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression, awaited, gives as JSON; raises RuntimeError with the page's exception."""
        result = await self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def _stop(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(RuntimeError, TimeoutError, ConnectionError):
                await self.command("browser.close")
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), 10)
            except TimeoutError:
                os.killpg(self._process.pid, signal.SIGKILL)
                await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(shutil.rmtree, self._profile, True)
