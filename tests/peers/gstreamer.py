"""GStreamer's webrtcbin as a process: it has its own ICE (libnice), DTLS (with an RSA certificate), VP8 and Opus."""

import asyncio
import contextlib
import functools
import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gst_peer.py")
PROBE = """
import gi
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstWebRTC
Gst.init(None)
names = ["webrtcbin", "nicesrc", "dtlsenc", "vp8enc", "vp8dec", "opusenc", "opusdec", "rtpvp8pay", "rtpopuspay",
         "openh264enc", "openh264dec", "h264parse", "rtph264pay", "rtph264depay"]
raise SystemExit(any(Gst.ElementFactory.find(name) is None for name in names))
"""


@functools.cache
def installed() -> bool:
    """Tell whether all of GStreamer that is needed is on this machine."""
    try:
        return (
            subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


class Gstreamer:
    """One webrtcbin with the given m-lines (kind, sends, feeds); use as an async context manager."""

    def __init__(self, lines: list[tuple[str, bool, bool]], video: str = "vp8") -> None:
        self._lines = lines
        self._video = video
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._offer = ""
        self.state = "new"
        self.frames: dict[str, int] = {}
        """M-line → pictures or sounds that were decoded."""
        self.errors: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            SYSTEM_PYTHON, str(SCRIPT), json.dumps(self._lines), self._video,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._process.stdin is not None and self._reading is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            message: dict[str, Any] = json.loads(line)
            self._offer = message.get("offer", self._offer)
            self.state = message.get("state", self.state)
            self.frames = message.get("frames", self.frames)
            self.errors += [message["error"]] if "error" in message else []
            self._news.set()

    async def until(self, seconds: float = 15.0, **least: int) -> None:
        """Wait until so much was decoded of each m-line (`line_3=20`)."""
        async with asyncio.timeout(seconds):
            while any(self.frames.get(name.removeprefix("line_"), 0) < count for name, count in least.items()):
                self._news.clear()
                await self._news.wait()

    async def offer(self) -> str:
        """Return its offer."""
        async with asyncio.timeout(15):
            while not self._offer:
                self._news.clear()
                await self._news.wait()
        return self._offer

    async def accept(self, sdp: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"answer": sdp}).encode() + b"\n")
        await self._process.stdin.drain()
