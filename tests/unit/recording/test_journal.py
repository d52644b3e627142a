"""Journals while they are written: what reaches the disk, and what happens when it takes nothing."""

import asyncio
import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from tests.unit.recording.conftest import OPUS, VP8, Take
from vwindow.recording.block import HEADER_BYTES
from vwindow.recording.journal import JournalRecorder, JournalRecording
from vwindow.recording.reader import JournalReader
from vwindow.recording.record import End, Record, Track, TrackAnchor, TrackPacket
from vwindow.recording.sink import AUDIO_LIMIT_BYTES, VIDEO_LIMIT_BYTES
from vwindow.sfu.ports import Anchor, Packet, Recorder, Recording, Sink

KEY = bytes(range(32))


def packet(seq: int, payload: bytes = b"\x10" + b"x" * 999, *, keyframe: bool = False) -> Packet:
    return Packet(seq, seq * 3000 & 0xFFFFFFFF, True, payload, 1000.0 + seq / 100, keyframe)


def read(path: Path, key: bytes) -> list[Record]:
    return list(JournalReader(path, key).records())


async def until_written(recording: JournalRecording, more_than: int) -> None:
    end = time.monotonic() + 10
    while recording.written().bytes_total <= more_than:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def test_has_the_shape_of_the_ports(take: Take) -> None:
    recorder: Recorder = JournalRecorder()
    recording: Recording = recorder.open(str(take.journal), KEY, 0.0)
    sink: Sink = recording.sink("kiosk.face", VP8)
    sink.close()
    asyncio.run(recording.close())


async def test_everything_comes_back_in_order(take: Take) -> None:
    recording = take.open()
    face, voice = recording.sink("kiosk.face", VP8), recording.sink("kiosk.microphone", OPUS)
    face.write(packet(2**40, keyframe=True))
    face.set_anchor(Anchor(2**32 - 1, 1000.5))
    voice.write(packet(-3, b""))
    for number in range(2000):
        face.write(packet(number))
    take.clock.advance(4.0)
    await recording.close()
    reader = JournalReader(take.journal, take.key)
    records = list(reader.records())
    assert not reader.torn and not reader.damaged and reader.blocks_read > 2
    assert records[:2] == [Track(1, "kiosk.face", VP8), Track(2, "kiosk.microphone", OPUS)]
    assert records[2] == TrackPacket(1, packet(2**40, keyframe=True))
    assert records[3] == TrackAnchor(1, Anchor(2**32 - 1, 1000.5))
    assert records[4] == TrackPacket(2, packet(-3, b""))
    assert records[5:-1] == [TrackPacket(1, packet(number)) for number in range(2000)]
    assert records[-1] == End(1004.0, 0, 0)
    assert reader.header is not None and reader.header.started_wall == take.clock.now().timestamp() - 4


async def test_file_is_private_new_and_sealed(take: Take) -> None:
    recording = take.open()
    assert stat.S_IMODE(take.journal.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        take.open()
    sink = recording.sink("kiosk.face", VP8)
    sink.write(packet(1, b"\x10" + b"secret" * 100))
    await recording.close()
    data = take.journal.read_bytes()
    assert b"secret" not in data and b"kiosk" not in data


async def test_two_journals_of_one_key_have_two_ciphers(take: Take, tmp_path: Path) -> None:
    data = []
    for name in "ab":
        recording = JournalRecorder(take.clock.monotonic).open(str(tmp_path / name), KEY, 5.0)
        recording.sink("kiosk.face", VP8).write(packet(1))
        await recording.close()
        data.append((tmp_path / name).read_bytes()[HEADER_BYTES + 20 :])
    assert data[0][:64] != data[1][:64]


async def test_written_counts_what_is_synced(tmp_path: Path) -> None:
    recording = JournalRecorder().open(str(tmp_path / "j"), KEY, time.time())
    sink = recording.sink("kiosk.face", VP8)
    began = time.monotonic()
    assert recording.written().bytes_total == 0
    sink.write(packet(1))
    await until_written(recording, 1000)
    assert time.monotonic() - began < 3
    first = recording.written()
    assert first.last_write > began and first.bytes_total <= (tmp_path / "j").stat().st_size
    sink.write(packet(2))
    await until_written(recording, first.bytes_total)
    await recording.close()
    await recording.close()
    assert recording.written().bytes_total == (tmp_path / "j").stat().st_size


async def test_closing_ends_the_thread_and_later_packets_are_nothing(take: Take) -> None:
    recording = take.open()
    sink, other = recording.sink("kiosk.face", VP8), recording.sink("staff.face", VP8)
    other.close()
    other.write(packet(5))
    other.set_anchor(Anchor(1, 1.0))
    await asyncio.gather(recording.close(), recording.close())
    sink.write(packet(1))
    sink.set_anchor(Anchor(1, 1.0))
    recording.sink("kiosk.screen", VP8).write(packet(1))
    assert not [t for t in threading.enumerate() if t.name == "journal"]
    assert [type(r) for r in read(take.journal, take.key)] == [Track, Track, End]


async def test_a_full_disk_drops_video_first_and_heals(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    full = True

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if full:
            real(fd, data[: len(data) // 2], offset)  # a half-written block must not stay in the file
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data, offset)

    recording = take.open()
    face, voice = recording.sink("kiosk.face", VP8), recording.sink("kiosk.microphone", OPUS)
    monkeypatch.setattr(os, "pwrite", pwrite)
    count = VIDEO_LIMIT_BYTES // 1000 + 1000
    for number in range(count):
        face.write(packet(number, keyframe=number == 0))
    dropped, _ = recording.dropped
    assert 0 < dropped < 1300
    for number in range(1000):
        voice.write(packet(number))
    assert recording.dropped == (dropped, 0)
    end = time.monotonic() + 10
    while not recording.failure:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    for number in range((AUDIO_LIMIT_BYTES - VIDEO_LIMIT_BYTES) // 900):
        voice.write(packet(number))
    assert recording.dropped[1] > 0
    full = False
    # The thread tries again by itself at the close; what was kept is whole.
    await recording.close()
    assert recording.failure == ""
    reader = JournalReader(take.journal, take.key)
    records = list(reader.records())
    assert not reader.torn and not reader.damaged
    faces = [r.packet.seq for r in records if isinstance(r, TrackPacket) and r.track == 1]
    assert faces == list(range(count - dropped))
    ending = records[-1]
    assert isinstance(ending, End) and (ending.dropped_video, ending.dropped_audio) == recording.dropped


async def test_after_a_drop_video_comes_back_with_a_keyframe(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = take.open()
    face = recording.sink("kiosk.face", VP8)
    face.write(packet(1, keyframe=True))
    face.write(packet(2, b"x" * 70_000))  # fits no record
    face.write(packet(3))
    face.write(packet(4, b"\x00cut in its middle", keyframe=True))
    face.write(packet(5, keyframe=True))
    face.write(packet(6))
    await recording.close()
    kept = [r.packet.seq for r in read(take.journal, take.key) if isinstance(r, TrackPacket)]
    assert kept == [1, 5, 6]
    assert recording.dropped == (3, 0)


async def test_a_disk_that_stays_full_leaves_a_torn_journal(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def pwrite(fd: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    recording = take.open()
    recording.sink("kiosk.face", VP8).write(packet(1))
    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr("vwindow.recording.writer.SYNC_SECONDS", 0.01)
    await recording.close()
    assert recording.failure
    reader = JournalReader(take.journal, take.key)
    assert list(reader.records()) == [] and reader.torn


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        JournalRecorder().open(str(tmp_path / "file" / "j"), KEY, 0.0)
    with pytest.raises(ValueError):
        JournalRecorder().open(str(tmp_path / "j"), b"short", 0.0)
    assert not (tmp_path / "j").exists()
