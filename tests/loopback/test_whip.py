"""A standalone worker as a process; aiortc publishes by WHIP and plays by WHEP over real HTTP."""

import asyncio
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import aioice.ice
import pytest

from tests.fakes.whip_peer import WhipClient, WhipPeer
from tests.stack import ROOT, free_port
from vwindow.recording.reader import JournalReader
from vwindow.recording.record import TrackPacket
from vwindow.standalone import KEY_FILE

TOKEN = "a-token"


class Alone:
    """The process and clients of it."""

    def __init__(self, folder: Path, stack: AsyncExitStack, session: aiohttp.ClientSession) -> None:
        self.port = free_port()
        self.folder = folder
        self._stack = stack
        self.client = WhipClient(f"http://127.0.0.1:{self.port}", TOKEN, session)
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, *more: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vwindow", "worker", "--standalone", "--listen", f"127.0.0.1:{self.port}",
            "--udp", "127.0.0.1:0", "--tcp", "--token", TOKEN, "--record", str(self.folder), *more, cwd=ROOT,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.client.ask("OPTIONS", "/whip/r/kiosk")
                    return
                except aiohttp.ClientConnectionError:
                    assert self.process.returncode is None
                    await asyncio.sleep(0.05)

    def peer(self) -> WhipPeer:
        peer = WhipPeer(self.client)
        self._stack.push_async_callback(peer.close)
        return peer

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(15):
                await self.process.wait()


@pytest.fixture
async def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Alone]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        found = Alone(tmp_path / "journals", stack, session)
        stack.push_async_callback(found.stop)
        await found.start()
        yield found


async def test_published_played_recorded_and_ended(alone: Alone) -> None:
    player, publisher = alone.peer(), alone.peer()
    told = await player.play("/whep/lobby/kiosk")  # a player may be there first
    assert told.status == 201
    assert told.headers["Content-Type"].startswith("application/sdp")
    told = await publisher.publish("/whip/lobby/kiosk?source=face")
    assert told.status == 201
    assert told.headers["Location"].startswith("/whip/lobby/kiosk/")
    assert "a=ice-lite\r\n" in told.text and " tcptype passive" in told.text
    await player.frames("video", 20)
    await player.frames("audio", 20)
    second = alone.peer()
    await second.play("/whep/lobby/kiosk?source=face")
    await second.frames("video", 5)
    other = alone.peer()
    await other.play("/whep/lobby/staff")
    await other.until("connected")
    assert not other.received

    assert (await second.leave()).status == 200
    assert (await second.leave()).status == 404
    await player.frames("video", 5)
    assert (await publisher.leave()).status == 200
    await publisher.until("closed")

    await alone.stop()
    assert stat.S_IMODE((alone.folder / KEY_FILE).stat().st_mode) == 0o600
    (journal,) = alone.folder.glob("lobby-*.journal")
    key = bytes.fromhex((alone.folder / KEY_FILE).read_text())
    kinds = {record.track for record in JournalReader(journal, key).records() if isinstance(record, TrackPacket)}
    assert len(kinds) == 2


async def test_in_h264_pictures_are_nothing_else(alone: Alone) -> None:
    await alone.stop()
    await alone.start("--video", "h264")
    publisher, player = alone.peer(), alone.peer()
    told = await publisher.publish("/whip/lobby/kiosk?source=face")
    assert "H264/90000" in told.text and "VP8" not in told.text
    await player.play("/whep/lobby/kiosk")
    await player.frames("video", 20)
    without = publisher.connection.localDescription.sdp.replace("H264/90000", "H265/90000")
    refused = await alone.client.ask("POST", "/whep/lobby/kiosk", without.replace("sendonly", "recvonly"))
    assert (refused.status, refused.json["code"]) == (422, "no_common_codec")


async def test_a_new_publisher_of_the_same_source_takes_over(alone: Alone) -> None:
    player, first, second = alone.peer(), alone.peer(), alone.peer()
    await player.play("/whep/r/staff")
    await first.publish("/whip/r/staff", audio=False)
    await player.frames("video", 5)
    await second.publish("/whip/r/staff", audio=False)
    await first.until("closed")
    await player.frames("video", 10)
    assert (await first.leave()).status == 404


async def test_what_is_refused(alone: Alone) -> None:
    ask = alone.client.ask
    for method, path, body, headers, status, code in (
        ("POST", "/whip/r/kiosk", "v=0", {"Authorization": ""}, 401, "token_missing"),
        ("POST", "/whip/r/kiosk", "v=0", {"Authorization": "Bearer x"}, 401, "token_wrong"),
        ("POST", "/whip/r/kiosk", "v=0", {"Content_Type": "application/json"}, 415, "not_sdp_type"),
        ("POST", "/whip/r/kiosk", "hello", {}, 400, "not_sdp"),
        ("POST", "/whip/r/kiosk", b"\xff\xfe", {}, 400, "not_sdp"),
        ("POST", "/whip/r/kiosk", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n", {}, 422, "bad_offer"),
        ("POST", "/whip/r/kiosk", "v=0\r\n" + "m=audio 9 x\r\n" * 2, {}, 422, "bad_offer"),
        ("POST", "/whip/r/kiosk", "v=0" + "x" * 70_000, {}, 413, "too_large"),
        ("POST", "/whip/r/observer", "v=0", {}, 404, "unknown_source"),
        ("POST", "/whip/r/kiosk?source=keys", "v=0", {}, 404, "unknown_source"),
        ("POST", "/whip/..r/kiosk", "v=0", {}, 404, "unknown_room"),
        ("DELETE", "/whip/never/kiosk/abc", "", {}, 404, "unknown_room"),
        ("DELETE", "/whip/r/kiosk/abc", "", {"Authorization": "Bearer x"}, 401, "token_wrong"),
        ("PATCH", "/whip/r/kiosk/abc", "", {}, 405, "method_not_allowed"),
        ("GET", "/whep/r/kiosk", "", {}, 405, "method_not_allowed"),
    ):
        told = await ask(method, path, body, **headers)
        assert (told.status, told.json["code"]) == (status, code), (method, path)
        assert told.headers["Content-Type"].startswith("application/problem+json")
        assert (told.headers.get("WWW-Authenticate") == "Bearer") is (status == 401)
    told = await ask("OPTIONS", "/whip/r/kiosk", Origin="https://player.example")
    assert (told.status, told.headers["Accept-Post"]) == (204, "application/sdp")
    assert told.headers["Access-Control-Allow-Origin"] == "https://player.example"
    assert told.headers["Allow"] == "POST, OPTIONS"
    assert alone.process is not None and alone.process.returncode is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["--standalone", "--listen", "192.0.2.1:8900", "--udp", "127.0.0.1:0", "--token", "t"],
        ["--standalone", "--listen", "localhost:8900", "--udp", "127.0.0.1:0", "--token", "t"],
        ["--standalone", "--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0"],
        ["--socket", "/nowhere/x.sock", "--listen", "127.0.0.1:0", "--token", "t"],
        ["--listen", "127.0.0.1:0"],
    ],
)
async def test_a_token_for_everything_stays_on_the_loopback(arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vwindow", "worker", *arguments, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(15):
        _, told = await process.communicate()
    assert process.returncode == 2
    assert told.startswith(b"vwindow: ")
