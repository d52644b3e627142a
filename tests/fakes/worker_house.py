"""A whole worker on the loopback interface, and a call in it whose every packet a test can follow."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.fakes.control_client import ControlClient
from tests.fakes.raw_peer import GOOD_CIPHERS, GOOD_PROFILES, RawPeer, RawTcpPeer
from tests.fakes.recorder import FakeRecorder
from vwindow.sfu.control import AskStats, Event, OpenRoom
from vwindow.sfu.ports import Recorder
from vwindow.sfu.slots import Part
from vwindow.sfu.worker import run_worker

AGENT_FACE = 1000
"""SSRC of the first m-line of `RawPeer.offer("agent")`."""
PAGE_MICROPHONE = 1000
KIOSK_FACE_MID = "7"
"""M-line of a console that shows the kiosk's face."""
KEYFRAME = b"\x10\x00picture-"


class WorkerHouse:
    """A running worker and the server's end of its control socket."""

    def __init__(self, client: ControlClient, host: str, port: int, stack: AsyncExitStack) -> None:
        self.client = client
        self.host = host
        self.port = port
        self._stack = stack

    def raw(self, ciphers: bytes = GOOD_CIPHERS, profiles: bytes = GOOD_PROFILES, newest: int = 0) -> RawPeer:
        """Return a peer that has not done anything yet."""
        peer = RawPeer(self.port, host=self.host, ciphers=ciphers, profiles=profiles, newest=newest)
        self._stack.callback(peer.close)
        return peer

    async def dialled(self) -> RawTcpPeer:
        """Return a peer on a TCP connection."""
        peer = RawTcpPeer(self.port, host=self.host)
        self._stack.callback(peer.close)
        await peer.dial()
        return peer

    async def connected(self, part: Part, room: str = "r") -> RawPeer:
        peer = self.raw()
        await peer.connect(self.client, part, room)
        await self.event(part, "up")
        return peer

    async def call(self) -> "Call":
        """Connect an agent that sends and a console that is shown the agent's face."""
        call = Call(await self.connected("agent"), await self.connected("console"))
        await call.say(3)
        return call

    async def event(self, part: Part, state: str) -> Event:
        return await self.client.event(event="peer", part=part, state=state)

    async def stats(self) -> dict[str, float]:
        return (await self.client.ask(AskStats())).stats

    async def unharmed(self, call: "Call") -> dict[str, float]:
        """Check that the call goes on and nothing was caught at an edge; return the counters."""
        await call.say(20)
        stats = await self.stats()
        assert not [name for name in stats if name.startswith("error")], stats
        return stats


class Call:
    """An agent that sends pictures and a console that gets them."""

    def __init__(self, agent: RawPeer, console: RawPeer) -> None:
        self.agent = agent
        self.console = console
        self.slot = slot_ssrc(console.reply.sdp, KIOSK_FACE_MID)
        self.seq = 0

    async def say(self, count: int) -> None:
        """Send pictures, one packet each; each must arrive, whole."""
        for _ in range(count):
            payload = KEYFRAME + str(self.seq).encode()
            self.agent.send(self.agent.rtp(AGENT_FACE, self.seq, payload, timestamp=self.seq * 3000))
            self.seq += 1
            assert (await self.console.heard(self.slot))[12:] == payload


def slot_ssrc(answer: str, mid: str) -> int:
    """Return the SSRC that an answer announces on an m-line."""
    section = next(part for part in answer.split("\r\nm=")[1:] if f"\r\na=mid:{mid}\r\n" in part)
    found = re.search(r"a=ssrc:(\d+) cname", section)
    assert found
    return int(found[1])


@asynccontextmanager
async def worker_house(
    path: Path, recorder: Recorder | None = None, host: str = "127.0.0.1", announce: str = ""
) -> AsyncIterator[WorkerHouse]:
    """Run a worker in this process with the room "r" open; its socket is `path`.

    `announce`: the address that its answers name, of somebody who passes datagrams on to it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((host, 0))
        port = int(free.getsockname()[1])
    worker = asyncio.create_task(
        run_worker(
            path, [(host, port)], recorder or FakeRecorder(), [announce] if announce else None, 0.2, tcp=not announce
        )
    )
    client = await _connect(path, worker)
    try:
        await client.ask(OpenRoom(room="r"))
        async with AsyncExitStack() as stack:
            yield WorkerHouse(client, host, port, stack)
    finally:
        await client.close()
        async with asyncio.timeout(10):
            await worker


async def _connect(path: Path, worker: "asyncio.Task[None]") -> ControlClient:
    async with asyncio.timeout(10):
        while True:
            try:
                return await ControlClient.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                assert not worker.done(), worker
                await asyncio.sleep(0.01)
