"""Finished files decoded again, in step with a clock that the caller moves."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from vwindow.recording.sealed import SealedReader, SealedStream
from vwindow.recording.template import RATE

Samples = npt.NDArray[np.float32]


class Playback:
    """Open a sealed file for its pictures or for its voice; raises OSError, SealBroken, FFmpegError."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._reader = SealedReader(path, key)
        try:
            self._container = av.open(SealedStream(self._reader), "r")
        except BaseException:
            self._reader.close()
            raise
        self._next: av.VideoFrame | None = None
        self._pictures = self._decode_pictures()
        self._voice = self._decode_voice()
        self._waiting: Samples = np.zeros((2, 0), np.float32)

    def picture_until(self, seconds: float) -> av.VideoFrame | None:
        """Return the newest picture that is shown by `seconds`; None when there is no newer one than before."""
        newest = None
        while True:
            if self._next is None:
                self._next = next(self._pictures, None)
            if self._next is None or (self._next.time or 0.0) > seconds:
                return newest
            newest, self._next = self._next, None

    def voice(self, count: int) -> Samples:
        """Return the next `count` samples of both channels, silence behind the end."""
        while self._waiting.shape[1] < count:
            more = next(self._voice, None)
            if more is None:
                more = np.zeros((2, count - self._waiting.shape[1]), np.float32)
            self._waiting = np.concatenate((self._waiting, more), axis=1)
        taken, self._waiting = self._waiting[:, :count], self._waiting[:, count:]
        return taken

    def close(self) -> None:
        """Release the file."""
        self._container.close()
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode_pictures(self) -> Iterator[av.VideoFrame]:
        for packet in self._container.demux(video=0):
            try:
                yield from packet.decode()
            except FFmpegError:  # a camera may send a broken picture
                continue

    def _decode_voice(self) -> Iterator[Samples]:
        resampler = AudioResampler("fltp", "stereo", RATE)
        for packet in self._container.demux(audio=0):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                for ready in resampler.resample(frame):
                    yield ready.to_ndarray().astype(np.float32, copy=False)
