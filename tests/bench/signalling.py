"""How a load generator's ends come into a server: WHIP and WHEP for ours, videoroom handles for Janus."""

import asyncio
import itertools
from typing import Any, Protocol

import aiohttp

from tests.bench.endpoint import Endpoint

JOIN_TRIES = 50


class Signalling(Protocol):
    """Make the room of a call, publish and play its sides."""

    async def open(self, call: int) -> None: ...

    async def publish(self, call: int, side: str, endpoint: Endpoint) -> None: ...

    async def play(self, call: int, side: str, endpoint: Endpoint) -> None: ...

    async def close(self) -> None: ...


class Whip:
    """Our worker in standalone mode."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"})

    async def open(self, call: int) -> None:
        """Do nothing: a room opens with its first stream."""

    async def publish(self, call: int, side: str, endpoint: Endpoint) -> None:
        await self._join(f"/whip/call-{call}/{side}", endpoint)

    async def play(self, call: int, side: str, endpoint: Endpoint) -> None:
        await self._join(f"/whep/call-{call}/{side}", endpoint)

    async def _join(self, path: str, endpoint: Endpoint) -> None:
        headers = {"Content-Type": "application/sdp"}
        async with self._session.post(self._base + path, data=endpoint.sdp("active"), headers=headers) as response:
            text = await response.text()
            assert response.status == 201, text
        await endpoint.connect(text)

    async def close(self) -> None:
        await self._session.close()


class Janus:
    """Janus' videoroom over its REST interface; one session, one room for each call."""

    def __init__(self, base: str, record_dir: str) -> None:
        self._base = base
        self._record_dir = record_dir
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._session = 0
        self._polling: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._feeds: dict[tuple[int, str], int] = {}

    async def open(self, call: int) -> None:
        async with self._opening:
            if not self._session:
                self._session = (await self._post("", {"janus": "create"}))["data"]["id"]
                self._polling = asyncio.create_task(self._poll())
        request: dict[str, Any] = {
            "request": "create", "room": call + 1, "publishers": 4, "audiocodec": "opus", "videocodec": "vp8",
            "bitrate": 1_500_000, "notify_joining": False,
        }  # fmt: skip
        if self._record_dir:
            request |= {"record": True, "rec_dir": self._record_dir}
        handle = await self._attach()
        made = await self._message(handle, request, wait=False)
        assert made["plugindata"]["data"]["videoroom"] == "created", made

    async def publish(self, call: int, side: str, endpoint: Endpoint) -> None:
        handle = await self._attach()
        feed = self._feeds[call, side] = 1 + len(self._feeds)
        request = {"request": "joinandconfigure", "room": call + 1, "ptype": "publisher", "id": feed}
        event = await self._message(handle, request, {"type": "offer", "sdp": endpoint.sdp("actpass")})
        answer = event["jsep"]["sdp"]
        await endpoint.connect(answer, server="a=setup:active" in answer)

    async def play(self, call: int, side: str, endpoint: Endpoint) -> None:
        handle = await self._attach()
        streams = [{"feed": self._feeds[call, side]}]
        request = {"request": "join", "room": call + 1, "ptype": "subscriber", "streams": streams}
        for _ in range(JOIN_TRIES):
            event = await self._message(handle, request)
            if "jsep" in event:
                break
            await asyncio.sleep(0.1)  # the publisher is connected here, but not yet known there
        else:
            raise ConnectionError(f"Janus offers no stream: {event}")
        offer = event["jsep"]["sdp"]
        answer = {"type": "answer", "sdp": endpoint.sdp("active", offer)}
        await self._message(handle, {"request": "start"}, answer)
        await endpoint.connect(offer)

    async def _attach(self) -> int:
        found = await self._post(f"/{self._session}", {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(found["data"]["id"])

    async def _message(self, handle: int, body: Any, jsep: Any = None, *, wait: bool = True) -> Any:
        content = {"janus": "message", "body": body}
        if jsep is not None:
            content["jsep"] = jsep | {"trickle": False}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        name = f"t{next(self._numbers)}"
        self._waiting[name] = future
        reply = await self._post(f"/{self._session}/{handle}", content, name)
        if reply["janus"] != "ack":
            return reply
        return await asyncio.wait_for(future, 30) if wait else reply

    async def _post(self, path: str, content: dict[str, Any], name: str = "") -> Any:
        content["transaction"] = name or f"t{next(self._numbers)}"
        async with self._http.post(f"{self._base}/janus{path}", json=content) as response:
            reply = await response.json(content_type=None)
        assert reply["janus"] in ("success", "ack"), reply
        return reply

    async def _poll(self) -> None:
        while True:
            async with self._http.get(f"{self._base}/janus/{self._session}?maxev=10") as response:
                events = await response.json(content_type=None)
            for event in events if isinstance(events, list) else [events]:
                future = self._waiting.pop(event.get("transaction", ""), None)
                if future is not None and not future.done():
                    future.set_result(event)

    async def close(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        await self._http.close()
