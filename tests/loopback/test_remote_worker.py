"""Workers that take their orders from another host's server, as real processes, over a network that can be cut."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aioice.ice
import pytest

from tests.fakes.control_authority import Authority
from tests.fakes.media_peer import MediaPeer
from tests.fakes.offers import offer
from tests.fakes.relay import Relay
from tests.loopback.test_media_pool import ROOT, Ears, arguments, free_port, until
from tests.stack import free_port as free_tcp_port
from vwindow.__main__ import main
from vwindow.config import load
from vwindow.desk.ports import HeldRoom, RecordingOrder
from vwindow.errors import Unavailable
from vwindow.ids import RecordingId, RoomId
from vwindow.media_pool import MediaPool
from vwindow.recording.reader import JournalReader
from vwindow.remote_link import RemoteLink
from vwindow.sfu.control import AnswerOffer, AskStats, Reply, Slot
from vwindow.sfu.slots import Part
from vwindow.worker_orders import look
from vwindow.worker_places import RemotePlace

HOST = "127.0.0.2"
KEY = "ab" * 32
R1, R2 = RoomId("r1"), RoomId("r2")
SERVER = """
import asyncio, sys
from pathlib import Path
from vwindow import config
from vwindow.media_pool import MediaPool
from vwindow.desk.ports import RecordingOrder
from vwindow.worker_places import remote_places
async def main():
    folder = Path(sys.argv[1])
    pool = MediaPool(folder, [], remote_places(config.load(folder / "vwindow.toml", {})), folder / "recordings")
    await pool.start()
    await pool.open("r1", 2)
    await pool.record("r1", RecordingOrder("rec", str(folder / "recordings/rec.journal"), "ab" * 32))
    (folder / "ready").touch()
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass
class RemoteHouse:
    """A machine with a worker, the network to it, and the settings of its server."""

    folder: Path
    authority: Authority
    stack: AsyncExitStack
    port: int = field(default_factory=free_tcp_port)
    udp: int = field(default_factory=free_port)
    worker: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        self.relay = Relay(HOST, self.port)
        (self.folder / "recordings").mkdir()
        # The same folder, under the path that it has on the other machine.
        (self.folder / "shared").symlink_to(self.folder / "recordings")

    async def start_worker(self) -> None:
        files = self.authority.files("worker")
        self.worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vwindow", "worker", "--control", f"{HOST}:{self.port}",
            "--tls-certificate", str(files.certificate), "--tls-key", str(files.key), "--tls-ca", str(files.ca),
            "--listen", f"{HOST}:{self.udp}", "--recordings", str(self.folder / "shared"),
            "--log-level", "warning", cwd=ROOT,
        )  # fmt: skip

    def settings(self) -> Path:
        files = self.authority.files("server")
        path = self.folder / "vwindow.toml"
        path.write_text(
            f"data_dir = '{self.folder}'\nmedia_workers = 0\nmedia_remote = ['127.0.0.1:{self.relay.number}']\n"
            f"media_control_certificate = '{files.certificate}'\nmedia_control_key = '{files.key}'\n"
            f"media_control_ca = '{files.ca}'\n"
        )
        return path

    async def pool(
        self, *, ours: int = 0, authority: Authority | None = None
    ) -> tuple[MediaPool, Ears, dict[RoomId, HeldRoom]]:
        place = RemotePlace("127.0.0.1", self.relay.number, (authority or self.authority).server_end())
        workers = arguments(self.folder / "recordings", *(free_port() for _ in range(ours)))
        one, ears = MediaPool(self.folder, workers, [place], self.folder / "recordings"), Ears()
        one.tell(ears)
        self.stack.push_async_callback(one.stop)
        return one, ears, await one.start()

    async def stop(self) -> None:
        await self.relay.close()
        if self.worker is not None and self.worker.returncode is None:
            self.worker.terminate()
            async with asyncio.timeout(10):
                await self.worker.wait()


class PoolClient:
    """Bring a peer's offer to the pool, as the desk does."""

    def __init__(self, pool: MediaPool) -> None:
        self._pool = pool

    async def ask(self, order: AnswerOffer) -> Reply:
        assert order.part in ("agent", "console", "page")
        answer = await self._pool.answer(RoomId(order.room), order.part, order.sdp)
        slots = [Slot(mid=slot.mid, kind=slot.kind, source=slot.source) for slot in answer.slots]
        return Reply(id=0, sdp=answer.sdp, slots=slots)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("control"))


@pytest.fixture
async def house(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RemoteHouse]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with AsyncExitStack() as stack:
        found = RemoteHouse(tmp_path, authority, stack)
        await found.relay.start()
        stack.push_async_callback(found.stop)
        await found.start_worker()
        yield found


async def talk(house: RemoteHouse, pool: MediaPool, room: RoomId) -> MediaPeer:
    """Connect a kiosk's agent and a console; return the console, which sees the kiosk."""
    peers = {}
    for part in ("agent", "console"):
        name: Part = part  # type: ignore[assignment]
        peers[part] = MediaPeer(name, PoolClient(pool), room)  # type: ignore[arg-type]
        house.stack.push_async_callback(peers[part].close)
        await peers[part].join()
    await peers["console"].frames("kiosk-face", 5)
    return peers["console"]


async def rooms_there(pool: MediaPool, number: int = 0) -> int:
    return int((await pool.links[number].ask(AskStats())).stats["rooms"])


async def test_a_call_is_carried_and_recorded_on_another_machine(house: RemoteHouse) -> None:
    pool, ears, _ = await house.pool()
    await until(lambda: pool.up)
    await pool.open(R1, 1)
    order = RecordingOrder(RecordingId("rec"), str(house.folder / "recordings" / "a" / "rec.journal"), KEY)
    await pool.record(R1, order)
    console = await talk(house, pool, R1)
    assert f" {HOST} {house.udp} typ host" in console.reply.sdp
    await until(lambda: ears.bytes > 1000)
    await pool.close(R1)
    assert await rooms_there(pool) == 0
    reader = JournalReader(Path(order.path), bytes.fromhex(KEY))
    assert sum(1 for _ in reader.records()) > 10 and not reader.torn


async def test_a_cut_line_is_found_and_the_call_does_not_notice(
    house: RemoteHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.remote_link.PING_SECONDS", 0.1)
    monkeypatch.setattr("vwindow.remote_link.PONG_SECONDS", 0.5)
    monkeypatch.setattr("vwindow.media_wires.CONNECT_SECONDS", 0.3)
    pool, ears, _ = await house.pool()
    await until(lambda: pool.up)
    await pool.open(R1, 1)
    console = await talk(house, pool, R1)
    house.relay.silence()
    await until(lambda: not pool.up)
    with pytest.raises(Unavailable):
        await pool.answer(R1, "agent", offer("agent"))
    await console.frames("kiosk-face", 20)
    house.relay.restore()
    await until(lambda: pool.up)
    await console.frames("kiosk-face", 5)
    (link,) = pool.links
    assert isinstance(link, RemoteLink)
    broken = link._wires
    house.relay.break_all()
    await until(lambda: link._wires not in (None, broken))
    await pool.answer(R1, "page", offer("page"))
    await console.frames("kiosk-face", 5)
    assert not ears.lost and pool.links[0].restarts == 0 and console.connection.connectionState == "connected"


async def test_who_came_and_who_left_while_the_line_was_cut_is_told_afterwards(
    house: RemoteHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.remote_link.PING_SECONDS", 0.1)
    monkeypatch.setattr("vwindow.remote_link.PONG_SECONDS", 0.5)
    monkeypatch.setattr("vwindow.media_wires.CONNECT_SECONDS", 0.3)
    pool, ears, _ = await house.pool()
    await until(lambda: pool.up)
    await pool.open(R1, 1)
    await talk(house, pool, R1)
    await until(lambda: ("console", "up") in ears.peers and ("agent", "up") in ears.peers)
    told = len(ears.peers)
    pool._connected[R1] = {"page", "agent"}  # as it would be, had both changed unheard
    house.relay.break_all()
    await until(lambda: len(ears.peers) >= told + 2)
    assert sorted(ears.peers[told:]) == [("console", "up"), ("page", "gone")]


async def test_rooms_of_a_worker_that_stays_away_are_given_up_and_closed_when_it_is_back(
    house: RemoteHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.media_wires.CONNECT_SECONDS", 0.3)
    pool, ears, _ = await house.pool(ours=1)
    monkeypatch.setattr(pool.links[1], "_lost_seconds", 0.5)
    await until(lambda: pool.links[1].up)
    await asyncio.gather(*(pool.open(room, 1) for room in (R1, R2)))
    (there,) = [room for room in (R1, R2) if pool._homes[room] is pool.links[1]]
    house.relay.silence()
    house.relay.break_all()
    await until(lambda: ears.lost == [there])
    await pool.open(there, 2)
    assert pool.rooms_of(pool.links[0]) == 2
    house.relay.restore()
    await until(lambda: pool.links[1].up)
    assert await rooms_there(pool, 1) == 0 and await rooms_there(pool, 0) == 2


async def test_a_side_without_media_moves_the_call_off_a_machine_that_is_not_reached(
    house: RemoteHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.media_pool.SUSPECT_SECONDS", 0.1)
    pool, ears, _ = await house.pool(ours=1)
    await until(lambda: pool.links[1].up)
    await asyncio.gather(*(pool.open(room, 1) for room in (R1, R2)))
    (there,) = [room for room in (R1, R2) if pool._homes[room] is pool.links[1]]
    assert house.worker is not None
    house.worker.send_signal(signal.SIGSTOP)  # the machine hangs: neither media nor orders
    house.relay.silence()
    house.relay.break_all()
    await until(lambda: pool.links[1].away > 0.1)
    assert not ears.lost
    with pytest.raises(Unavailable, match="worker_lost"):
        await pool.answer(there, "console", offer("console"))
    assert ears.lost == [there]
    await pool.open(there, 2)
    await pool.answer(there, "console", offer("console"))
    house.worker.send_signal(signal.SIGCONT)


async def test_another_process_in_its_place_has_lost_the_rooms(house: RemoteHouse) -> None:
    pool, ears, _ = await house.pool()
    await until(lambda: pool.up)
    await pool.open(R1, 1)
    assert house.worker is not None
    house.worker.kill()
    await house.worker.wait()
    await house.start_worker()  # as what watches over the programs of that machine does
    await until(lambda: ears.lost == [R1])
    await pool.open(R1, 2)
    await talk(house, pool, R1)
    assert pool.links[0].restarts == 1


async def test_a_server_killed_beside_its_remote_worker_ends_no_call(house: RemoteHouse) -> None:
    house.settings()
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, str(house.folder), cwd=ROOT)
    await until((house.folder / "ready").exists)
    server.send_signal(signal.SIGKILL)
    await server.wait()
    pool, ears, held = await house.pool()
    assert list(held) == [R1] and held[R1].media == 2
    await talk(house, pool, R1)
    await until(lambda: ears.bytes > 1000)
    await pool.keep([])
    assert await rooms_there(pool) == 0


@pytest.mark.parametrize("how", ["other authority", "other name", "expired"])
async def test_a_worker_that_cannot_show_who_it_is_gets_no_call(
    house: RemoteHouse, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.worker is not None
    house.worker.kill()
    await house.worker.wait()
    good = house.authority
    if how == "other authority":
        house.authority = Authority(tmp_path / "other")
    elif how == "other name":
        house.authority = good.renamed(tmp_path / "other", "vwindow-somebody", "worker", monkeypatch)
    else:
        house.authority = good.expired(tmp_path / "other")
    await house.start_worker()
    pool, _, _ = await house.pool(authority=good)
    words = {"other authority": "certificate", "other name": "Hostname mismatch", "expired": "expired"}[how]
    await until(lambda: words in caplog.text)
    assert not pool.up


async def test_a_technician_looks_and_drains_and_the_worker_leaves_after_its_last_call(
    house: RemoteHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    pool, ears, _ = await house.pool(ours=1)
    await until(lambda: pool.links[1].up)
    await asyncio.gather(*(pool.open(room, 1) for room in (R1, R2)))
    (there,) = [room for room in (R1, R2) if pool._homes[room] is pool.links[1]]
    config = house.settings()
    text = config.read_text().replace("media_workers = 0", "media_workers = 1")
    config.write_text(text)
    assert await asyncio.to_thread(main, ["workers", "drain", "2", "--config", str(config)]) == 0
    assert await asyncio.to_thread(main, ["workers", "list", "--config", str(config)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("1: pid ") and shown[0].endswith(", 1 rooms")
    assert shown[1] == f"2: 127.0.0.1:{house.relay.number}, 1 rooms, draining"
    await pool.open(RoomId("r3"), 1)
    assert pool.rooms_of(pool.links[0]) == 2
    assert await asyncio.to_thread(main, ["workers", "drain", "1", "--config", str(config)]) == 1
    assert "only_worker" in capsys.readouterr().err
    await pool.close(there)
    assert house.worker is not None
    async with asyncio.timeout(10):
        assert await house.worker.wait() == 0
    states = await look(load(config, {}))
    assert "cannot be reached" in states[1].trouble
    await house.start_worker()
    await until(lambda: pool.links[1].up and not pool.links[1].draining)
    assert not ears.lost


@pytest.mark.parametrize("path", ["../rec.journal", "/etc/rec.journal", "away/rec.journal", "rec.txt", ""])
async def test_no_journal_is_written_outside_the_folder_of_the_recordings(house: RemoteHouse, path: str) -> None:
    (house.folder / "elsewhere").mkdir()
    (house.folder / "recordings" / "away").symlink_to(house.folder / "elsewhere")
    pool, ears, _ = await house.pool(ours=1)
    await until(lambda: pool.links[1].up)
    await asyncio.gather(*(pool.open(room, 1) for room in (R1, R2)))
    before = sorted(house.folder.rglob("*rec*"))
    for room in (R1, R2):  # one of them on this machine: a worker here keeps to its folder too
        pool._recordings = None  # a server that somebody else has in hand
        await pool.record(room, RecordingOrder(RecordingId("rec"), path, KEY))
    await until(lambda: len(ears.failed) == 2)
    assert sorted(house.folder.rglob("*rec*")) == before and not Path("/etc/rec.journal").exists()


def test_the_settings_name_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "control"
    assert main(["control-certificates", str(folder)]) == 0
    assert capsys.readouterr().out.split() == [
        str(folder / name) for name in ("ca.pem", "server.pem", "server-key.pem", "worker.pem", "worker-key.pem")
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*-key.pem"))
    config = tmp_path / "vwindow.toml"
    for text, word in (
        ("media_remote = ['a:1']", "media_control_certificate"),
        ("media_remote = ['a']", "is not host:port"),
        ("media_workers = 0", "no media worker at all"),
        (
            f"media_remote = ['a:1']\nmedia_control_certificate = '{folder}/server.pem'\n"
            f"media_control_key = '{folder}/worker-key.pem'\nmedia_control_ca = '{folder}/ca.pem'",
            "media_control_key",
        ),
    ):
        config.write_text(text)
        assert main(["workers", "list", "--config", str(config)]) == 2
        assert word in capsys.readouterr().err
