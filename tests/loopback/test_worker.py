"""A whole worker on the loopback interface with real aiortc peers."""

import asyncio
import os
import random
import signal
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aioice.ice
import pytest

from tests.fakes.control_client import ControlClient
from tests.fakes.media_peer import MediaPeer
from tests.fakes.offers import offer
from tests.fakes.recorder import FakeRecorder
from vwindow.sfu.control import (
    AnswerOffer,
    AskStats,
    CloseRoom,
    Hello,
    Leave,
    OpenRoom,
    RecordingProgress,
    StartRecording,
)
from vwindow.sfu.slots import Part
from vwindow.sfu.worker import run_worker

KEY = "ab" * 32


@dataclass
class Bench:
    """A worker, its recorder and the server's end of its control socket."""

    path: Path
    port: int
    worker: "asyncio.Task[None]"
    client: ControlClient
    recorder: FakeRecorder
    stack: AsyncExitStack

    async def peer(self, part: Part) -> MediaPeer:
        peer = MediaPeer(part, self.client)
        self.stack.push_async_callback(peer.close)
        await peer.join()
        return peer


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


async def connect(path: Path) -> ControlClient:
    async with asyncio.timeout(10):
        while True:
            try:
                return await ControlClient.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.01)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    path, recorder, port = tmp_path / "worker.sock", FakeRecorder(), free_port()
    worker = asyncio.create_task(run_worker(path, [("127.0.0.1", port)], recorder, None, 0.5))
    client = await connect(path)
    await client.ask(OpenRoom(room="r"))
    async with AsyncExitStack() as stack:
        yield Bench(path, port, worker, client, recorder, stack)
    await client.close()
    async with asyncio.timeout(10):
        await worker


def record(recording: str = "rec-1") -> StartRecording:
    return StartRecording(room="r", recording=recording, path="/nowhere/r.journal", key_hex=KEY)


async def test_a_call_with_recording(bench: Bench) -> None:
    await bench.client.ask(record())
    agent, page, console = [await bench.peer(part) for part in ("agent", "page", "console")]
    assert agent.reply.slots == []
    assert [(slot.kind, slot.source) for slot in page.reply.slots] == [
        ("audio", "staff.microphone"),
        ("audio", "guest.microphone"),
        ("audio", "observer.microphone"),
        ("video", "staff.face"),
        ("video", "staff.screen"),
    ]
    for part in ("agent", "page", "console"):
        await bench.client.event(event="peer", room="r", part=part, state="up")
    await page.frames("staff-face", 10)
    await page.frames("staff-microphone", 20)
    await console.frames("kiosk-face", 10)
    await console.frames("kiosk-microphone", 20)
    progress = await bench.client.event(event="recording", recording="rec-1")
    assert isinstance(progress, RecordingProgress)
    assert not progress.stalled
    stats = (await bench.client.ask(AskStats())).stats
    assert stats["peers"] == 3
    assert not [name for name in stats if name.startswith("error")]
    # The document camera and the screens have no grant: they reach nobody.
    assert set(page.received) | set(console.received) == {
        "staff-face",
        "staff-microphone",
        "kiosk-face",
        "kiosk-microphone",
    }
    reply = await bench.client.ask(CloseRoom(room="r"))
    assert not reply.code
    (recording,) = bench.recorder.recordings
    assert recording.closed
    assert recording.key == bytes.fromhex(KEY)
    assert set(recording.sinks) == {"kiosk.face", "kiosk.microphone", "staff.face", "staff.microphone"}
    for name, sink in recording.sinks.items():
        assert sink.closed
        numbers = [packet.seq for packet in sink.packets]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert sink.format.codec == ("opus" if name.endswith("microphone") else "vp8")
        if name.endswith("face"):
            assert sink.packets[0].keyframe


async def test_a_second_offer_replaces_the_first_when_it_is_up(bench: Bench) -> None:
    await bench.client.ask(record())
    first = await bench.peer("agent")
    console = await bench.peer("console")
    await console.frames("kiosk-face", 5)
    refused = await bench.client.ask(AnswerOffer(room="r", part="agent", sdp=offer("agent")))
    assert not refused.code
    await console.frames("kiosk-face", 5)  # an offer that never connects changes nothing
    bench.client.events.clear()
    second = await bench.peer("agent")
    await bench.client.event(event="peer", part="agent", state="up")
    await first.close()
    await console.frames("kiosk-face", 20)
    sink = bench.recorder.recordings[0].sinks["kiosk.face"]
    numbers = [packet.seq for packet in sink.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    stats = (await bench.client.ask(AskStats())).stats
    assert stats["peers"] == 2
    assert second.connection.connectionState == "connected"


async def test_garbage_on_the_port_harms_no_call(bench: Bench) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    console = await bench.peer("console")
    await bench.peer("agent")
    await console.frames("kiosk-face", 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(400):
            data = rng.randbytes(rng.randrange(1, 200))
            first = rng.choice((b"", b"\x00", b"\x16", b"\x80\xc8", b"\x90\x60"))
            stranger.sendto(first + data, ("127.0.0.1", bench.port))
            stranger.sendto(b"", ("127.0.0.1", bench.port))
            await asyncio.sleep(0)
    await console.frames("kiosk-face", 10)
    stats = (await bench.client.ask(AskStats())).stats
    assert stats["empty"] > 0
    assert stats["stray"] > 0
    assert not [name for name in stats if name.startswith("error")]


async def test_a_peer_that_leaves_is_silent(bench: Bench) -> None:
    agent = await bench.peer("agent")
    await bench.client.event(event="peer", part="agent", state="up")
    await agent.close()
    await bench.client.event(event="peer", part="agent", state="silent")


async def test_bad_orders_are_refused(bench: Bench) -> None:
    ask = bench.client.ask
    assert (await ask(AnswerOffer(room="x", part="agent", sdp=offer("agent")))).code == "unknown_room"
    assert (await ask(AnswerOffer(room="r", part="page", sdp="hello"))).code == "not_sdp"
    assert (await ask(AnswerOffer(room="r", part="page", sdp=offer("agent")))).code == "offer_without_audio"
    assert (await ask(record().model_copy(update={"key_hex": "ab"}))).code == "bad_key"
    assert not (await ask(record())).code
    assert not (await ask(record())).code
    assert (await ask(record("rec-2"))).code == "already_recording"
    assert not (await ask(CloseRoom(room="never opened"))).code


async def test_a_journal_that_cannot_be_opened_is_told(bench: Bench) -> None:
    bench.recorder.full = True
    assert not (await bench.client.ask(record())).code
    await bench.client.event(event="recording_failed", recording="rec-1")
    assert not (await bench.client.ask(OpenRoom(room="other"))).code


async def test_hello_and_a_server_that_comes_back(bench: Bench) -> None:
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o600
    await bench.client.ask(record())
    hello = await bench.client.ask(Hello())
    assert (hello.pid, hello.rooms, hello.recordings) == (os.getpid(), ["r"], {"r": "rec-1"})
    second = await ControlClient.connect(bench.path)
    again = await second.ask(Hello())
    assert (again.epoch, again.rooms) == (hello.epoch, ["r"])
    await bench.client.ended()
    await second.ask(CloseRoom(room="r"))
    assert bench.recorder.recordings[0].closed
    await second.close()


async def test_nonsense_on_the_control_socket_ends_that_connection_only(bench: Bench) -> None:
    reader, writer = await asyncio.open_unix_connection(str(bench.path))
    writer.write(b'{"id": 1, "order": {"do": "format_disk"}}\n')
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    third = await ControlClient.connect(bench.path)
    assert (await third.ask(Hello())).rooms == ["r"]
    await third.close()


async def test_without_a_server_the_worker_finishes_its_journals_and_leaves(bench: Bench) -> None:
    await bench.client.ask(record())
    await bench.client.close()
    async with asyncio.timeout(5):
        await bench.worker
    assert bench.recorder.recordings[0].closed
    assert not bench.path.exists()


async def test_leave_and_sigterm_finish_the_journals(bench: Bench) -> None:
    await bench.client.ask(record())
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await bench.worker
    assert bench.recorder.recordings[0].closed


async def test_leave_is_answered_when_the_journals_are_whole(bench: Bench) -> None:
    await bench.client.ask(record())
    await bench.client.ask(Leave())
    assert bench.recorder.recordings[0].closed
    async with asyncio.timeout(5):
        await bench.worker


async def test_several_addresses_and_an_announced_one(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    listen = [("127.0.0.1", free_port()), ("::1", free_port("::1"))]
    for announce, want in (
        (None, listen),
        (["203.0.113.5"], [("203.0.113.5", listen[0][1])]),
    ):
        worker = asyncio.create_task(run_worker(path, listen, FakeRecorder(), announce, 0.1))
        client = await connect(path)
        await client.ask(OpenRoom(room="r"))
        reply = await client.ask(AnswerOffer(room="r", part="agent", sdp=offer("agent")))
        for number, (host, port) in enumerate(want, 1):
            assert f"a=candidate:{number} 1 udp " in reply.sdp
            assert f" {host} {port} typ host" in reply.sdp
        assert reply.sdp.count("a=candidate:") == 3 * len(want)
        await client.close()
        await worker


async def test_a_call_over_ipv6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["::1"])
    path = tmp_path / "worker.sock"
    listen = [("127.0.0.1", 0), ("::1", 0)]
    worker = asyncio.create_task(run_worker(path, listen, FakeRecorder(), None, 0.1))
    client = await connect(path)
    await client.ask(OpenRoom(room="r"))
    agent, console = MediaPeer("agent", client), MediaPeer("console", client)
    await agent.join()
    await console.join()
    await console.frames("kiosk-face", 5)
    await agent.close()
    await console.close()
    await client.close()
    await worker


async def test_a_leaving_worker_does_not_remove_its_successors_socket(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    old = asyncio.create_task(run_worker(path, [("127.0.0.1", 0)], FakeRecorder(), None, 0.1))
    first = await connect(path)
    new = asyncio.create_task(run_worker(path, [("127.0.0.1", 0)], FakeRecorder(), None, 0.3))
    before = await first.ask(Hello())
    async with asyncio.timeout(5):
        while True:
            second = await connect(path)
            if (await second.ask(Hello())).epoch != before.epoch:
                break
            await second.close()
    await first.close()
    await old
    assert path.exists()
    await second.close()
    await new
    assert not path.exists()


async def test_a_wildcard_address_is_refused(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::"):
        with pytest.raises(ValueError, match="one by one"):
            await run_worker(tmp_path / "worker.sock", [(host, 0)], FakeRecorder())
    with pytest.raises(ValueError, match="family"):
        await run_worker(tmp_path / "worker.sock", [("127.0.0.1", 0)], FakeRecorder(), ["2001:db8::1"])
