"""Disk full, slow, gone, forgetful: told within 5 s, the packets flow on, what was written stays readable."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.faulty_disk import FaultyDisk, Trouble
from tests.unit.recording.conftest import VP8
from vwindow.clock import SystemClock
from vwindow.recording.journal import JournalRecorder
from vwindow.recording.reader import JournalReader
from vwindow.recording.record import TrackPacket
from vwindow.sfu.control import Event, RecordingProgress
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.ports import Recorder
from vwindow.sfu.recording import RoomRecording

KEY = bytes(range(32))
KEYFRAME = b"\x10\x10\x00\x00\x9d\x01\x2a\xa0\x00\x78\x00"
TOLD_SECONDS = 5.0


class Upstream:
    def request_keyframe(self) -> None:
        pass


class LiveRoom:
    """A source that gives ten packets a second, and a recording that is asked once a second."""

    def __init__(self, recorder: Recorder, path: Path, payload: bytes = b"x" * 200) -> None:
        self.path = path
        self.clock = SystemClock()
        self.events: list[Event] = []
        inner = recorder.open(str(path), KEY, time.time())
        self.recording = RoomRecording("room", "r-1", inner, self.events.append, self.clock.monotonic())
        self.source = Ingest("kiosk.face", VP8, self.clock)
        self.recording.attach(self.source)
        self._upstream = Upstream()
        self._payload = payload
        self.sent = 0

    def step(self) -> None:
        now = self.clock.monotonic()
        head = KEYFRAME if self.sent % 10 == 0 else b"\x10\x11"
        self.source.take(self._upstream, self.sent, self.sent * 9000, True, head + self._payload, now)
        self.sent += 1
        if self.sent % 10 == 0:
            self.recording.tick(now)

    async def run_until(self, stalled: bool, limit: float = 12.0) -> float:
        """Go on until the newest report says so; return after how many seconds."""
        began = time.monotonic()
        while True:
            self.step()
            newest = self.events[-1] if self.events else None
            if isinstance(newest, RecordingProgress) and newest.stalled is stalled and newest.bytes_total > 0:
                return time.monotonic() - began
            assert time.monotonic() - began < limit, "never told"
            await asyncio.sleep(0.1)

    def kept(self) -> list[int]:
        reader = JournalReader(self.path, KEY)
        found = [r.packet.seq for r in reader.records() if isinstance(r, TrackPacket)]
        assert reader.chain_holds
        return found


async def trouble(folder: Path, kind: Trouble) -> None:
    disk = FaultyDisk()
    room = LiveRoom(JournalRecorder(create=disk.create), folder / f"{kind}.journal")
    await room.run_until(stalled=False)
    before = room.sent
    disk.break_down(kind)
    told = await room.run_until(stalled=True)
    assert told <= TOLD_SECONDS, (kind, told)
    # The packets of the call went on all the while, and nothing of the thread's trouble reached them.
    assert room.source.packets == room.sent and room.source.sink_errors == 0
    assert len(room.kept()) >= before - 15, kind
    disk.mend()
    assert await room.run_until(stalled=False) <= TOLD_SECONDS
    await room.recording.close()
    kept = room.kept()
    assert kept == list(range(kept[0], kept[0] + room.sent)), kind


async def test_each_trouble_is_told_in_time_and_mends(tmp_path: Path) -> None:
    await asyncio.gather(*(trouble(tmp_path, kind) for kind in ("full", "slow", "gone")))


async def test_what_a_failed_sync_threw_away_is_written_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    room = LiveRoom(JournalRecorder(create=disk.create), tmp_path / "j")
    await room.run_until(stalled=False)
    disk.break_down("forgets")
    while not disk.mended.is_set():
        room.step()
        await asyncio.sleep(0.05)
    await room.recording.close()
    assert len(room.kept()) == room.sent


async def test_a_disk_that_never_answers_does_not_keep_the_room_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vwindow.recording.journal.CLOSE_SECONDS", 0.3)
    disk = FaultyDisk()
    room = LiveRoom(JournalRecorder(create=disk.create), tmp_path / "j")
    await room.run_until(stalled=False)
    disk.break_down("slow")
    room.step()
    began = time.monotonic()
    await room.recording.close()
    assert time.monotonic() - began < 3
    assert room.events[-1].event == "recording_failed"
    disk.mend()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no right to mount a small file system: {done.stderr.strip()}; the faulty disk is tested above")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_real_full_disk(small_disk: Path) -> None:
    room = LiveRoom(JournalRecorder(), small_disk / "j", b"x" * 2000)
    full = small_disk / "filler"
    await room.run_until(stalled=False)
    with pytest.raises(OSError), full.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert await room.run_until(stalled=True) <= TOLD_SECONDS
    assert room.kept()
    full.unlink()
    await room.run_until(stalled=False)
    await room.recording.close()
    assert len(room.kept()) == room.sent
