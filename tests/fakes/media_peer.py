"""A real aiortc peer that offers as a part does and counts what it receives."""

import asyncio
import fractions
from collections import Counter
from typing import Protocol

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from vwindow.sfu.control import AnswerOffer, Reply
from vwindow.sfu.slots import LINES, Part


class Picture(MediaStreamTrack):
    """A small moving picture, 20 per second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.05)
        self._count += 1
        array = np.full((96, 128, 3), self._count % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(array, format="rgb24")
        frame.pts, frame.time_base = self._count * 4500, fractions.Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    """A voice: 440 Hz in 20 ms frames."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(0.02)
        at = np.arange(960) + 960 * self._count
        samples = (np.sin(at * 2 * np.pi * 440 / 48_000) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._count * 960, fractions.Fraction(1, 48_000)
        self._count += 1
        return frame


class Answerer(Protocol):
    """Where an offer is taken: a worker's control socket, or the server's pool of workers."""

    async def ask(self, order: AnswerOffer) -> Reply: ...


class MediaPeer:
    """Connect to a room as one part; `received` counts frames by the track's name."""

    def __init__(self, part: Part, client: Answerer, room: str = "r") -> None:
        self.part = part
        self._client = client
        self._room = room
        self.received: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self.reply = Reply(id=0)
        # One transport from the start: aiortc loses lines that it has to move to another one.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.connection.on("track", self._on_track)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._tasks.add(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            self.received[track.id] += 1

    async def join(self) -> None:
        """Make the offer of the part, with pictures on its first two video lines, take the answer and connect."""
        pictures = 2
        for line in LINES[self.part]:
            if not line.sends:
                self.connection.addTransceiver(line.kind, direction="recvonly")
            elif line.kind == "audio":
                self.connection.addTransceiver(Tone(), direction="sendonly")
            elif pictures:
                pictures -= 1
                self.connection.addTransceiver(Picture(), direction="sendonly")
            else:
                self.connection.addTransceiver("video", direction="sendonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.reply = await self._client.ask(
            AnswerOffer(room=self._room, part=self.part, sdp=self.connection.localDescription.sdp)
        )
        assert not self.reply.code, self.reply
        await self.connection.setRemoteDescription(RTCSessionDescription(self.reply.sdp, "answer"))
        async with asyncio.timeout(10):
            while self.connection.connectionState != "connected":
                await asyncio.sleep(0.01)

    async def frames(self, track: str, count: int) -> None:
        """Wait for `count` more frames of a track."""
        want = self.received[track] + count
        async with asyncio.timeout(20):
            while self.received[track] < want:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.connection.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
