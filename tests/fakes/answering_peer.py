"""A plain aiortc peer that answers an agent's offer and looks at what it gets."""

import asyncio
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

from kiosk_agent.media import loopback_candidates


class AnsweringPeer:
    """Answer one offer with "receive the first m-line only"; keep the newest luma picture."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.frames = 0
        self.pixels: NDArray[np.uint8] | None = None
        self.width = 0
        self._fresh = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []
        self.peer.on("track", self._track)

    async def answer(self, offer: str) -> str:
        """Return the answer to an offer."""
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        for number, transceiver in enumerate(self.peer.getTransceivers()):
            transceiver.direction = "recvonly" if number == 0 else "inactive"
        with loopback_candidates(True):
            await self.peer.setLocalDescription(await self.peer.createAnswer())
        return str(self.peer.localDescription.sdp)

    async def pictures(self, count: int) -> None:
        """Wait until that many pictures were decoded."""
        async with asyncio.timeout(15):
            while self.frames < count:
                self._fresh.clear()
                await self._fresh.wait()

    async def close(self) -> None:
        """Vanish."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self.peer.close()

    def _track(self, track: Any) -> None:
        if not self._readers:
            self._readers.append(asyncio.get_running_loop().create_task(self._read(track)))

    async def _read(self, track: Any) -> None:
        while True:
            frame = await track.recv()
            self.pixels = frame.to_ndarray(format="yuv420p")
            self.width = frame.width
            self.frames += 1
            self._fresh.set()
