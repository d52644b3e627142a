"""Real worker processes under a pool: taken over, lost, placed, drained."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.fakes.control_client import ControlClient
from tests.fakes.offers import offer
from vwindow.config import load
from vwindow.desk.ports import HeldRoom, RecordingOrder, RoomPart
from vwindow.errors import Refused, Unavailable
from vwindow.ids import RecordingId, RoomId
from vwindow.media_link import MediaLink
from vwindow.media_pool import MediaPool
from vwindow.sfu.control import Drain, Hello
from vwindow.sfu.slots import GRANTED
from vwindow.worker_orders import WorkerState, drain, look
from vwindow.worker_places import socket_path

ROOT = Path(__file__).resolve().parents[2]
R1, R2, R3 = RoomId("r1"), RoomId("r2"), RoomId("r3")
SERVER = """
import asyncio, json, sys
from pathlib import Path
from vwindow.media_link import MediaLink
from vwindow.media_pool import MediaPool
from vwindow.desk.ports import RecordingOrder
async def main():
    pool = MediaPool(Path(sys.argv[1]), json.loads(sys.argv[2]))
    await pool.start()
    await pool.open("r1", 2)
    await pool.open("r2", 1)
    await pool.record("r1", RecordingOrder("rec", sys.argv[1] + "/rec.journal", "ab" * 32))
    Path(sys.argv[1], "ready").touch()
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Ears:
    """Implement MediaListener."""

    def __init__(self) -> None:
        self.lost: list[RoomId] = []
        self.bytes = 0
        self.failed: list[RoomId] = []
        self.peers: list[tuple[RoomPart, str]] = []
        self.news = asyncio.Event()

    def peer_changed(self, room: RoomId, part: RoomPart, state: str) -> None:
        self.peers.append((part, state))
        self.news.set()

    def speaker_changed(self, room: RoomId, source: str) -> None: ...

    def targets_changed(self, room: RoomId, part: RoomPart, targets: Mapping[str, int]) -> None: ...

    def recording_progress(self, room: RoomId, total: int, recent: int, stalled: bool, paused: bool) -> None:
        self.bytes = total
        self.news.set()

    def recording_failed(self, room: RoomId, message: str) -> None:
        self.failed.append(room)

    def rooms_lost(self, rooms: Sequence[RoomId]) -> None:
        self.lost += rooms
        self.news.set()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def arguments(folder: Path, *ports: int) -> list[list[str]]:
    return [["--listen", f"127.0.0.1:{port}", "--log-level", "warning", "--recordings", str(folder)] for port in ports]


@contextlib.asynccontextmanager
async def pool(folder: Path, workers: list[list[str]]) -> AsyncIterator[tuple[MediaPool, Ears, dict[RoomId, HeldRoom]]]:
    one, ears = MediaPool(folder, workers, (), folder), Ears()
    one.tell(ears)
    try:
        held = await one.start()
        yield one, ears, held
    finally:
        await one.stop()


async def a_server_that_dies(folder: Path, workers: list[list[str]]) -> None:
    """Start workers and rooms as a server does, and kill it."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(folder), json.dumps(workers), cwd=ROOT
    )
    await until((folder / "ready").exists)
    server.send_signal(signal.SIGKILL)
    await server.wait()


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for is dead all the same."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not ready():
            await asyncio.sleep(0.01)


async def test_a_new_server_goes_on_with_the_worker_of_a_killed_one(tmp_path: Path) -> None:
    port = free_port()
    await a_server_that_dies(tmp_path, arguments(tmp_path, port))
    client = await ControlClient.connect(socket_path(tmp_path, 1))
    before = await client.ask(Hello())
    await client.close()
    async with pool(tmp_path, arguments(tmp_path, port)) as (one, ears, held):
        assert held == {R1: HeldRoom(2, frozenset(), (), GRANTED), R2: HeldRoom(1, frozenset(), (), GRANTED)}
        assert one.links[0].pid == before.pid and one.links[0].restarts == 0
        # The same recording once more is no error: it goes on.
        await one.record(R1, RecordingOrder(RecordingId("rec"), str(tmp_path / "rec.journal"), "ab" * 32))
        answer = await one.answer(R1, "agent", offer("agent"))
        assert f" {port} typ host" in answer.sdp
        await one.keep([R1])
        assert one.rooms_of(one.links[0]) == 1
        with pytest.raises(Unavailable, match="worker_lost"):
            await one.answer(R2, "agent", offer("agent"))
        os.kill(before.pid, signal.SIGKILL)
        await until(lambda: ears.lost == [R1] and one.up)
        assert one.links[0].restarts == 1 and one.links[0].pid != before.pid
        await one.open(R1, 3)
    assert not socket_path(tmp_path, 1).exists()


@pytest.mark.parametrize("change", ["settings", "version", "fewer"])
async def test_a_worker_of_another_kind_leaves(tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [free_port(), free_port()]
    await a_server_that_dies(tmp_path, arguments(tmp_path, *ports))
    pids = []
    for number in (1, 2):
        client = await ControlClient.connect(socket_path(tmp_path, number))
        pids.append((await client.ask(Hello())).pid)
        await client.close()
    workers = arguments(tmp_path, *ports)
    if change == "settings":
        workers[1] += ["--face-bitrate", "500000"]
    elif change == "version":
        monkeypatch.setattr("vwindow.sfu.control.PROTOCOL", 99)
    else:
        workers = workers[:1]
    if change == "version":
        one = MediaPool(tmp_path, workers)
        taken = [await link.take_over() for link in one.links]
        assert taken == [[], []]
        await one.stop()
    else:
        async with pool(tmp_path, workers) as (one, _, held):
            assert set(held) <= {R1, R2} and len(held) == 1
            assert one.links[0].pid == pids[0]
            assert all(link.pid != pids[1] for link in one.links)
    assert not any(alive(pid) for pid in pids)
    assert (tmp_path / "rec.journal").stat().st_size > 0


async def test_rooms_go_to_the_least_loaded_living_worker(tmp_path: Path) -> None:
    async with pool(tmp_path, arguments(tmp_path, free_port(), free_port())) as (one, ears, _):
        await asyncio.gather(*(one.open(RoomId(f"r{n}"), 1) for n in range(6)))
        first, second = one.links
        assert (one.rooms_of(first), one.rooms_of(second)) == (3, 3)
        await one.close(RoomId("r0"))
        emptier = min(one.links, key=one.rooms_of)
        await one.open(RoomId("r6"), 1)
        assert one.rooms_of(emptier) == 3
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: len(ears.lost) == 3)
        lost = list(ears.lost)
        await asyncio.gather(*(one.open(room, 2) for room in lost))
        await until(lambda: first.up)
        assert one.rooms_of(first) + one.rooms_of(second) == 6 and one.rooms_of(second) >= 4


async def test_a_room_waits_for_the_only_worker_to_come_back(tmp_path: Path) -> None:
    async with pool(tmp_path, arguments(tmp_path, free_port())) as (one, ears, _):
        await one.open(R1, 1)
        os.kill(one.links[0].pid, signal.SIGKILL)
        await until(lambda: ears.lost == [R1])
        begun = asyncio.get_running_loop().time()
        await one.open(R1, 2)
        print(f"another worker after {asyncio.get_running_loop().time() - begun:.2f} s")


async def test_a_drained_worker_keeps_its_rooms_and_another_takes_the_new_ones(tmp_path: Path) -> None:
    async with pool(tmp_path, arguments(tmp_path, free_port(), free_port())) as (one, ears, _):
        await one.open(R1, 1)
        drained, other = one.links
        before = drained.pid
        settings = load(None, {}, {"data_dir": tmp_path, "media_workers": 2})
        await drain(settings, 1)
        assert await look(settings) == [WorkerState(1, f"pid {before}", 1, True), WorkerState(2, f"pid {other.pid}")]
        with pytest.raises(Refused, match="no other"):
            await drain(settings, 2)
        with pytest.raises(Refused, match="there are 2"):
            await drain(settings, 3)
        await one.open(R2, 1)
        await one.open(R3, 1)
        assert (one.rooms_of(drained), one.rooms_of(other)) == (1, 2)
        await one.answer(R1, "agent", offer("agent"))
        assert drained.pid == before and not ears.lost
        await one.close(R1)
        await until(lambda: drained.up and drained.pid != before)
        assert not ears.lost and not drained.draining


async def test_a_broken_connection_costs_no_room(tmp_path: Path) -> None:
    async with pool(tmp_path, arguments(tmp_path, free_port())) as (one, ears, _):
        await one.open(R1, 1)
        before = one.links[0].pid
        client = await ControlClient.connect(socket_path(tmp_path, 1))
        await client.ask(Hello())  # counts as a newer server
        await client.close()
        await until(lambda: one.up)
        await one.answer(R1, "agent", offer("agent"))
        assert one.links[0].pid == before and not ears.lost


async def test_a_hung_worker_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwindow.media_link.STATS_SECONDS", 0.05)
    monkeypatch.setattr("vwindow.media_wires.ORDER_SECONDS", 0.3)
    async with pool(tmp_path, arguments(tmp_path, free_port())) as (one, ears, _):
        await one.open(R1, 1)
        os.kill(one.links[0].pid, signal.SIGSTOP)
        await until(lambda: ears.lost == [R1])
        await until(lambda: one.up)


async def test_a_worker_that_waited_takes_the_place_of_a_killed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.spare_worker.REST_SECONDS", 0.0)
    async with pool(tmp_path, arguments(tmp_path, free_port())) as (one, ears, _):
        spare, (link,) = one._spare, one.links
        assert isinstance(link, MediaLink)
        for round_ in range(2):
            await one.open(R1, round_)
            await until(lambda: spare._waiting is not None)
            assert spare._waiting is not None
            ready = spare._waiting.pid
            os.kill(link.pid, signal.SIGKILL)
            await until(lambda: len(ears.lost) == round_ + 1)  # noqa: B023 - waited for here
            await one.open(R1, round_ + 2)
            assert link.pid == ready
            await one.answer(R1, "agent", offer("agent"))
        # One that has died in the meantime is no loss.
        await until(lambda: spare._waiting is not None)
        assert spare._waiting is not None
        os.kill(spare._waiting.pid, signal.SIGKILL)
        os.kill(link.pid, signal.SIGKILL)
        await until(lambda: len(ears.lost) == 3)
        await one.open(R1, 4)
        assert link.pid != ready and link.up


async def test_after_draining_the_program_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwindow.spare_worker.REST_SECONDS", 0.0)
    async with pool(tmp_path, arguments(tmp_path, free_port(), free_port())) as (one, _, _):
        spare, (link, _other) = one._spare, one.links
        assert isinstance(link, MediaLink)
        await until(lambda: spare._waiting is not None)
        assert spare._waiting is not None
        ready, before = spare._waiting.pid, link.pid
        link.draining = True
        await link.ask(Drain())
        await until(lambda: link.up and link.pid != before)
        assert link.pid != ready
        # The one that waited has the old program: no other worker may get it.
        await until(lambda: spare._waiting is not None and spare._waiting.pid != ready)


async def test_a_waiting_worker_goes_with_its_server(tmp_path: Path) -> None:
    waiting = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vwindow.spare_worker", cwd=ROOT, stdin=asyncio.subprocess.PIPE
    )
    assert waiting.stdin is not None
    waiting.stdin.close()  # as the kernel does for a server that was killed
    async with asyncio.timeout(10):
        assert await waiting.wait() == 0
