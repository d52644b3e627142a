"""A video file as a camera: played at its own speed, over and over."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import av

from devices.errors import DeviceUnavailable
from devices.face_camera.convert import to_picture
from devices.face_camera.port import Pause, Picture
from devices.face_camera.reader import CameraReader

DEFAULT_RATE = 25
MAX_PAUSE = 0.5


class FileGrabber:
    """Decode a file again and again, paced by its average rate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._period = 1 / DEFAULT_RATE
        self._next = 0.0

    def probe(self) -> str:
        if not self._path.is_file():
            raise DeviceUnavailable("file_missing", f"there is no file {self._path}")
        return f"file {self._path.name}"

    def open(self) -> None:
        self._rewind()
        self._next = time.monotonic()

    def grab(self, pause: Pause) -> Picture | None:
        try:
            frame = next(self._frames, None)
            if frame is None:
                self._rewind()
                frame = next(self._frames, None)
        except av.error.FFmpegError as error:
            raise DeviceUnavailable("file_unreadable", str(error)) from error
        if frame is None:
            raise DeviceUnavailable("file_empty", f"{self._path} has no video frame")
        now = time.monotonic()
        if self._next > now and pause(min(self._next - now, MAX_PAUSE)):
            return None
        taken = max(time.monotonic(), self._next)
        self._next = max(self._next + self._period, taken)
        return to_picture(frame, taken)

    def close(self) -> None:
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _rewind(self) -> None:
        # The demuxer's own looping option exists only in the command-line program: open the file again.
        self.close()
        try:
            container = self._container = av.open(str(self._path))
            if not container.streams.video:
                raise DeviceUnavailable("file_empty", f"{self._path} has no video")
            stream = container.streams.video[0]
            rate = float(stream.average_rate or DEFAULT_RATE)
            self._period = 1 / min(60.0, max(1.0, rate))
            self._frames = itertools.chain(container.decode(stream))
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceUnavailable("file_unreadable", str(error)) from error


def make(options: str) -> CameraReader:
    """Make a camera from `file:PATH`."""
    if not options:
        raise ValueError('the file camera needs a path, like "file:clip.mp4"')
    return CameraReader("file", FileGrabber(Path(options)))
