"""A camera of the Linux kernel (Video4Linux2), read by PyAV. Not tried on hardware yet.

Options: the device, then maybe a size: `v4l2:/dev/video0,1280x720@30`.
"""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import av

from devices.errors import DeviceUnavailable
from devices.face_camera import size as sizes
from devices.face_camera.convert import to_picture
from devices.face_camera.port import Pause, Picture
from devices.face_camera.reader import CameraReader

TIMEOUT = (3.0, 1.0)
"""Seconds to open and to read."""
NOTHING_YET = 0.005


class V4l2Grabber:
    """Stream from a video device; MJPEG is asked for first, since USB 2 has no room for raw 720p."""

    def __init__(self, path: Path, size: sizes.Size) -> None:
        self._path = path
        self._size = size
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())

    def probe(self) -> str:
        try:
            mode = self._path.stat().st_mode
        except OSError as error:
            raise DeviceUnavailable("unplugged", f"there is no {self._path}: plug the camera in") from error
        if not stat.S_ISCHR(mode):
            raise DeviceUnavailable("not_a_camera", f"{self._path} is not a video device")
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise DeviceUnavailable("no_permission", "add the agent's user to the group video")
        try:
            return Path(f"/sys/class/video4linux/{self._path.name}/name").read_text().strip()
        except OSError:
            return str(self._path)

    def open(self) -> None:
        self.close()
        options = {"video_size": f"{self._size.width}x{self._size.height}", "framerate": str(self._size.rate)}
        try:
            try:
                container = self._open({**options, "input_format": "mjpeg"})
            except av.error.FFmpegError:
                container = self._open(options)
            self._container = container
            self._frames = container.decode(video=0)
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceUnavailable("cannot_open", f"{self._path}: {error}; does another program use it?") from error

    def grab(self, pause: Pause) -> Picture | None:
        try:
            frame = next(self._frames, None)
        except BlockingIOError:
            # A generator that raised is finished: go on with a new one.
            if self._container is not None:
                self._frames = self._container.decode(video=0)
            pause(NOTHING_YET)
            return None
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceUnavailable("unplugged", f"{self._path}: {error}") from error
        if frame is None:
            raise DeviceUnavailable("unplugged", f"{self._path} ended its stream")
        return to_picture(frame, time.monotonic())

    def close(self) -> None:
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self, options: dict[str, str]) -> av.container.InputContainer:
        return av.open(str(self._path), format="v4l2", options=options, timeout=TIMEOUT)


def make(options: str) -> CameraReader:
    """Make a camera from `v4l2:DEVICE` or `v4l2:DEVICE,SIZE`; raises ValueError."""
    device, _, written = options.partition(",")
    if not device.startswith("/dev/"):
        raise ValueError('the V4L2 camera needs a device, like "v4l2:/dev/video0"')
    return CameraReader("v4l2", V4l2Grabber(Path(device), sizes.parse(written) if written else sizes.Size()))
