"""One MP4 of a recording, for those who need a file."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.fakes.encoded import encode_h264, encode_pictures, encode_voice, h264_packets, opus_packets, vp8_packets
from tests.unit.recording.conftest import H264, Take
from vwindow.recording.export import export

SECONDS = 3.0


def run_export(folder: Path, file: Path, key: str, *more: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "vwindow.recording.export", str(folder), str(file), *more]
    done = subprocess.run(command, input=key, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout)


async def made(take: Take) -> None:
    """The kiosk speaks at 440 Hz in the first half, staff at 1,500 Hz in the second."""
    o = take.origin
    await take.record(
        {
            "kiosk.face": vp8_packets(encode_pictures(SECONDS, size=(320, 240)), origin=o),
            "kiosk.microphone": opus_packets(encode_voice(1.5), origin=o),
            "staff.face": vp8_packets(encode_pictures(1.0, begin=1.0), origin=o),
            "staff.microphone": opus_packets(encode_voice(1.5, hertz=1500.0, begin=1.5), origin=o),
        },
        SECONDS,
    )
    take.finish()


async def test_pictures_in_one_another_and_both_voices(take: Take, tmp_path: Path) -> None:
    await made(take)
    file = tmp_path / "call.mp4"
    code, result = run_export(take.out, file, take.key.hex())
    assert code == 0 and result["ok"] and result["codec"] in ("libx264", "mpeg4")
    assert result["bytes"] == file.stat().st_size and stat.S_IMODE(file.stat().st_mode) == 0o600
    with av.open(str(file)) as container:
        assert container.duration is not None
        assert container.duration / 1_000_000 == pytest.approx(SECONDS, abs=0.2)
        frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert {picture.shape for _, picture in frames} == {(720, 1280)}
    before = next(picture for time, picture in frames if time is not None and time > 0.5)
    after = next(picture for time, picture in frames if time is not None and time > 1.5)
    assert before[100:600, 400:800].mean() > 80 and before[:, :100].mean() < 40
    corner = (slice(720 - 24 - 200, 720 - 44), slice(1280 - 24 - 120, 1280 - 44))
    assert before[corner].mean() < 40 and after[corner].mean() > 80
    with av.open(str(file)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert loudest(sound[24_000:60_000]) == pytest.approx(440, abs=5)
    assert loudest(sound[90_000:130_000]) == pytest.approx(1500, abs=5)


def loudest(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.argmax(spectrum) * 48_000 / len(sound))


async def test_h264_and_a_further_picture_as_the_large_one(take: Take, tmp_path: Path) -> None:
    take.video = H264
    o = take.origin
    await take.record({"kiosk.document": h264_packets(encode_h264(2.0, size=(640, 480)), origin=o)}, 2.0)
    take.finish()
    result = export(take.out, tmp_path / "x.mp4", take.key, main="kiosk.document")
    assert result["seconds"] == pytest.approx(2.0, abs=0.1)
    with av.open(str(tmp_path / "x.mp4")) as container:
        assert next(container.decode(video=0)).width == 1280


async def test_refusals_leave_nothing_behind(take: Take, tmp_path: Path) -> None:
    await made(take)
    file = tmp_path / "call.mp4"
    key = take.key.hex()
    assert run_export(take.out, file, "00") == (1, {"ok": False, "code": "bad_key"})
    assert run_export(take.out, file, "00" * 32) == (1, {"ok": False, "code": "seal_broken"})
    assert run_export(tmp_path, file, key) == (1, {"ok": False, "code": "recording_missing"})
    assert run_export(take.out, tmp_path / "no" / "x.mp4", key) == (1, {"ok": False, "code": "disk"})
    sealed = take.out / "kiosk.webm.sealed"
    sealed.write_bytes(sealed.read_bytes()[:-500])
    assert run_export(take.out, file, key)[0] == 1
    assert not [path for path in tmp_path.iterdir() if "mp4" in path.name]
    file.write_text("mine")
    assert run_export(take.out, file, key) == (1, {"ok": False, "code": "file_exists"})
    assert file.read_text() == "mine"
