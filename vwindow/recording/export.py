"""Make one MP4 of a finished recording: `python -m vwindow.recording.export FOLDER FILE [--main NAME] [--inset NAME]`.

One side is shown large, the other small in its corner, and all voices are mixed. Reads the data key from standard
input (64 hex digits) and writes one line of JSON to standard output:

    {"ok": true, "seconds", "bytes", "codec"}
    {"ok": false, "code": "bad_key | recording_missing | seal_broken | file_exists | export_failed | disk"}

Exit code 0 or 1. The file is plain, of mode 0600, and has its name only when it is whole. Pictures are encoded with
x264 where the installed libraries have it, else as MPEG-4 part 2.
"""

import argparse
import json
import os
import sys
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from vwindow.errors import VWindowError
from vwindow.recording.canvas import HEIGHT, WIDTH, Canvas
from vwindow.recording.manifest import MANIFEST, read_manifest
from vwindow.recording.playback import Playback
from vwindow.recording.suite import KEY_BYTES
from vwindow.recording.template import RATE

NICENESS = 15
PICTURES_PER_SECOND = 25
_AAC_SAMPLES = 1024
_MILLISECOND = Fraction(1, 1000)
_ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "veryfast", "crf": "23", "g": "250"}),
    ("mpeg4", {"qscale": "4"}),
)


class Export:
    """Write the pictures and the mixed voices of a recording, second after second."""

    def __init__(self, container: OutputContainer, voices: list[Playback]) -> None:
        self._container = container
        self._voices = voices
        self.codec, self._video = _video_stream(container)
        self._audio: AudioStream = container.add_stream("aac", rate=RATE, layout="stereo")
        self._audio.bit_rate = 128_000
        self._samples = 0

    def picture(self, frame: av.VideoFrame, seconds: float) -> None:
        """Show a picture from `seconds` on."""
        frame.pts = round(seconds * 1000)
        frame.time_base = _MILLISECOND
        self._container.mux(self._video.encode(frame))

    def voices_until(self, seconds: float) -> None:
        """Mix the voices up to `seconds`."""
        while self._samples < seconds * RATE:
            mixed = np.zeros((2, _AAC_SAMPLES), np.float32)
            for voice in self._voices:
                mixed += voice.voice(_AAC_SAMPLES)
            frame = av.AudioFrame.from_ndarray(np.clip(mixed, -1.0, 1.0), "fltp", "stereo")
            frame.sample_rate = RATE
            frame.pts = self._samples
            frame.time_base = Fraction(1, RATE)
            self._container.mux(self._audio.encode(frame))
            self._samples += _AAC_SAMPLES

    def finish(self) -> None:
        """Write what the encoders hold."""
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))


def _video_stream(container: OutputContainer) -> tuple[str, VideoStream]:
    for name, options in _ENCODERS:
        if name in av.codecs_available:
            stream = container.add_stream(name, rate=PICTURES_PER_SECOND, options=options)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.time_base = stream.codec_context.time_base = _MILLISECOND
            return name, stream
    raise VWindowError("export_failed", "no encoder")


def export(folder: Path, file: Path, key: bytes, *, main: str = "kiosk", inset: str = "staff") -> dict[str, Any]:
    """Make the file; return what the command prints. Raises VWindowError, FFmpegError, OSError."""
    manifest = read_manifest(folder / MANIFEST, key)
    entries = {str(entry["file"]).rsplit(".", 2)[0]: entry for entry in manifest["files"]}
    duration = float(manifest["duration"])
    with ExitStack() as stack:
        shown: dict[str, Playback] = {}
        for name in (main, inset):
            if name in entries and _has(entries[name], "video"):
                shown[name] = stack.enter_context(Playback(folder / entries[name]["file"], key))
        spoken = [
            stack.enter_context(Playback(folder / entry["file"], key))
            for entry in entries.values()
            if _has(entry, "audio")
        ]
        output = stack.enter_context(av.open(str(file), "w", format="mp4", options={"movflags": "faststart"}))
        made = Export(output, spoken)
        _play(made, shown.get(main), shown.get(inset), duration)
        made.finish()
    return {"ok": True, "seconds": round(duration, 3), "bytes": file.stat().st_size, "codec": made.codec}


def _play(made: Export, main: Playback | None, inset: Playback | None, duration: float) -> None:
    canvas = Canvas()
    for tick in range(max(1, int(duration * PICTURES_PER_SECOND))):
        now = tick / PICTURES_PER_SECOND
        large = main.picture_until(now) if main is not None else None
        small = inset.picture_until(now) if inset is not None else None
        if large is not None:
            canvas.show_main(large)
        if small is not None:
            canvas.show_inset(small)
        # One a second also where nothing moves, so that a player can jump there.
        if large is not None or small is not None or tick % PICTURES_PER_SECOND == 0:
            made.picture(canvas.draw(), now)
        made.voices_until(now)
    made.voices_until(duration)


def _has(entry: dict[str, Any], kind: str) -> bool:
    return any(track["kind"] == kind for track in entry["tracks"])


def _attempt(folder: Path, file: Path, key_hex: str, main: str, inset: str) -> dict[str, Any]:
    try:
        key = bytes.fromhex(key_hex)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        return {"ok": False, "code": "bad_key"}
    if not (folder / MANIFEST).is_file():
        return {"ok": False, "code": "recording_missing"}
    if file.exists():
        return {"ok": False, "code": "file_exists"}
    aside = file.with_name(f".{file.name}.part")
    try:
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
        result = export(folder, aside, key, main=main, inset=inset)
        aside.rename(file)
        return result
    except VWindowError as error:
        code, reason = error.code, str(error)
    except FFmpegError as error:  # some of its kinds are OSErrors as well
        code, reason = "export_failed", str(error)
    except OSError as error:
        code, reason = "disk", error.strerror or "error"
    finally:
        aside.unlink(missing_ok=True)
    sys.stderr.write(f"{code}: {reason}\n")
    return {"ok": False, "code": code}


def run(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="vwindow.recording.export")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--main", default="kiosk", help="shown large: kiosk, staff, kiosk.document, …")
    parser.add_argument("--inset", default="staff", help="shown small")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    key = sys.stdin.read(2 * KEY_BYTES + 2).strip()
    result = _attempt(options.folder, options.file, key, options.main, options.inset)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(run())
