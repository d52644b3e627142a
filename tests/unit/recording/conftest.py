"""A recording made by hand: packets in, playable files out."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer

from tests.fakes.clock import FakeClock
from vwindow.recording.finisher import finish
from vwindow.recording.journal import JournalRecorder, JournalRecording
from vwindow.recording.sealed import SealedReader, SealedStream
from vwindow.sfu.ports import Anchor, Format, Packet

OPUS = Format("audio", "opus", 48_000)
VP8 = Format("video", "vp8", 90_000)
H264 = Format("video", "h264", 90_000)


class Take:
    """One recording under test, on a clock that starts at `origin` and moves with the packets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = os.urandom(32)
        self.journal = folder / "deep" / "call.journal"
        self.out = folder / "out"
        self.video = VP8
        self.clock = FakeClock()
        self.origin = self.clock.monotonic()
        self.recorder = JournalRecorder(self.clock.monotonic, wall=self._wall)

    def _wall(self) -> float:
        return self.clock.now().timestamp()

    def open(self) -> JournalRecording:
        return self.recorder.open(str(self.journal), self.key, self.clock.now().timestamp())

    async def record(
        self,
        packets: Mapping[str, Sequence[Packet]],
        length: float,
        anchors: Mapping[str, Sequence[Anchor]] | None = None,
    ) -> None:
        """Write everything in the order of its arrival and close `length` seconds after the start."""
        recording = self.open()
        events: list[tuple[float, str, Packet | Anchor]] = []
        for source, list_ in packets.items():
            events += [(p.arrival, source, p) for p in list_]
        for source, list_2 in (anchors or {}).items():
            events += [(a.monotonic + 0.05, source, a) for a in list_2]
        sinks: dict[str, Any] = {}
        for _, source, event in sorted(events, key=lambda e: e[0]):
            name = source.rstrip("0123456789")  # "kiosk.face2" is a later sink of kiosk.face
            if source not in sinks:
                sinks[source] = recording.sink(name, self.video if "microphone" not in name else OPUS)  # type: ignore[arg-type]
            if isinstance(event, Packet):
                sinks[source].write(event)
            else:
                sinks[source].set_anchor(event)
        self.clock.advance(self.origin + length - self.clock.monotonic())
        await recording.close()

    def finish(self, **options: bool) -> dict[str, Any]:
        return finish([self.journal], self.out, self.key, **options)

    def finish_all(self, journals: Sequence[Path], **options: bool) -> dict[str, Any]:
        return finish(journals, self.out, self.key, **options)

    def _file(self, side: str) -> Path:
        (found,) = self.out.glob(f"{side}.[wm]*.sealed")
        return found

    @contextmanager
    def play(self, side: str) -> Iterator[InputContainer]:
        with (
            SealedReader(self._file(side), self.key) as reader,
            av.open(SealedStream(reader), "r") as container,
        ):
            yield container

    def pictures(self, side: str) -> list[tuple[float, int, int]]:
        """Decode all pictures: seconds, width, height."""
        with self.play(side) as container:
            return [(f.time, f.width, f.height) for f in container.decode(video=0)]

    def loudness(self, side: str) -> np.ndarray:
        """Decode the voice: root mean square of each 20 ms from second 0, by counted samples as players do."""
        with self.play(side) as container:
            sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
        sound = sound[: len(sound) // 960 * 960].reshape(-1, 960).astype(np.float64)
        return np.sqrt((sound**2).mean(axis=1))


@pytest.fixture
def take(tmp_path: Path) -> Take:
    return Take(tmp_path)
