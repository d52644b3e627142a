"""An encoder and a player of the field: aiortc peers that speak WHIP and WHEP over HTTP."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from tests.fakes.media_peer import Picture, Tone


@dataclass
class Told:
    """An answer over HTTP."""

    status: int
    headers: Any
    text: str
    json: Any


@dataclass
class WhipClient:
    """Ask a server's endpoints with one token."""

    base: str
    token: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: str | bytes = "", **headers: str) -> Told:
        named = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            named["Content-Type"] = "application/sdp"
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.base + path, data=body or None, headers=named) as response:
            text = await response.text()
            json = await response.json() if "json" in response.content_type else None
            return Told(response.status, response.headers, text, json)


@dataclass
class WhipPeer:
    """Publish a picture and a tone, or count what is played."""

    client: WhipClient
    connection: RTCPeerConnection = field(
        default_factory=lambda: RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
    )
    received: Counter[str] = field(default_factory=Counter)
    location: str = ""
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def publish(self, path: str, *, audio: bool = True, video: bool = True) -> Told:
        if audio:
            self.connection.addTransceiver(Tone(), direction="sendonly")
        if video:
            self.connection.addTransceiver(Picture(), direction="sendonly")
        return await self._join(path)

    async def play(self, path: str) -> Told:
        self.connection.on("track", self._on_track)
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="recvonly")
        return await self._join(path)

    async def _join(self, path: str) -> Told:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        told = await self.client.ask("POST", path, self.connection.localDescription.sdp)
        if told.status == 201:
            self.location = told.headers["Location"]
            await self.connection.setRemoteDescription(RTCSessionDescription(told.text, "answer"))
        return told

    async def until(self, state: str) -> None:
        async with asyncio.timeout(15):
            while self.connection.connectionState != state:
                await asyncio.sleep(0.01)

    async def frames(self, kind: str, count: int) -> None:
        """Wait for `count` more frames."""
        want = self.received[kind] + count
        async with asyncio.timeout(20):
            while self.received[kind] < want:
                await asyncio.sleep(0.02)

    async def leave(self) -> Told:
        return await self.client.ask("DELETE", self.location)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._tasks.add(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            self.received[track.kind] += 1

    async def close(self) -> None:
        await self.connection.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
