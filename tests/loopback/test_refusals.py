"""What is refused at the doors of a running house, with a clear error, while a call goes on unharmed."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signaling import wire
from tests.stack import Stack

NOT_SDP = "hello, this is not SDP"


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    house = Stack(tmp_path)
    try:
        await house.start_server()
        yield house
    finally:
        await house.stop()


class Kiosk:
    """A kiosk's link without its page: enough to ask for calls and to misbehave."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, kiosk: str) -> None:
        self.stack = stack
        self.kiosk = kiosk
        self.key = Ed25519PrivateKey.generate()
        self.socket = socketio.AsyncClient(reconnection=False, http_session=session)
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=1000)
        self.socket.on("*", self._hear, namespace="/kiosk")

    async def _hear(self, event: str, payload: Any) -> None:
        self.heard.put_nowait((event, payload))

    async def enrol(self, session: aiohttp.ClientSession, code: str) -> tuple[int, Any]:
        public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return await post(session, f"{self.stack.url}/api/kiosk/enrol", {"code": code, "public_key": public.hex()})

    async def connect(self, session: aiohttp.ClientSession, **changes: str) -> None:
        _, body = await post(session, f"{self.stack.url}/api/kiosk/challenge", {"kiosk": self.kiosk})
        signature = self.key.sign(b"vwindow-kiosk-link:" + bytes.fromhex(body["nonce"]))
        auth = {"kiosk": self.kiosk, "nonce": body["nonce"], "signature": signature.hex(), **changes}
        await self.socket.connect(self.stack.url, namespaces=["/kiosk"], auth=auth, transports=["websocket"])

    async def call(self, event: str, payload: Any) -> Any:
        return await self.socket.call(event, payload, namespace="/kiosk", timeout=5)

    async def until(self, event: str, **wanted: Any) -> Any:
        async with asyncio.timeout(10):
            while True:
                name, payload = await self.heard.get()
                if name == event and all(payload.get(key) == value for key, value in wanted.items()):
                    return payload


async def refusal(client: socketio.AsyncClient, namespace: str, connecting: Coroutine[Any, Any, None]) -> str:
    """Return the code with which a connection is refused."""
    told: list[Any] = []
    client.on("connect_error", told.append, namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connecting
    return str(told[0]["message"]) if told and isinstance(told[0], dict) else ""


async def post(session: aiohttp.ClientSession, url: str, body: Any, **more: Any) -> tuple[int, Any]:
    async with session.post(url, json=body, **more) as response:
        return response.status, await response.json()


def code_of(body: Any) -> str:
    return str(body["error"]["code"])


async def console(stack: Stack, session: aiohttp.ClientSession, name: str = "jiaxing-a") -> socketio.AsyncClient:
    """Sign in over HTTP and connect as a console."""
    headers = {"Origin": stack.url}
    credentials = {"name": name, "password": stack.accounts[name]}
    async with session.post(f"{stack.url}/api/sign-in", json=credentials, headers=headers) as response:
        assert response.status == 200
        cookie = response.cookies["vwindow_session"].value
    client = socketio.AsyncClient(reconnection=False, http_session=session)
    await client.connect(
        stack.url, namespaces=["/staff"], headers={"Cookie": f"vwindow_session={cookie}"}, transports=["websocket"]
    )
    return client


async def enrolled(stack: Stack, session: aiohttp.ClientSession, kiosk: str = "sj-01") -> Kiosk:
    found = Kiosk(stack, session, kiosk)
    code = (await stack.run("vwindow", "kiosk", "code", kiosk)).strip()
    status, body = await found.enrol(session, code)
    assert status == 200, body
    await found.connect(session)
    return found


async def test_the_doors_refuse_with_a_clear_error_and_a_waiting_call_stays(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:
        kiosk = await enrolled(stack, session)
        asked = {"city": "jiaxing", "item": 1, "recording": "accepted", "request": "r1"}
        ack = await kiosk.call("call.ask", asked)
        assert ack["ok"]
        call = ack["call"]
        await kiosk.until("call.changed", call=call)
        try:
            await _http_doors(stack, session)
            await _enrolment(stack, session)
            await _sockets(stack, session)
            await _payloads(stack, kiosk)
            await _random_datagrams(stack)
            # After all that the call is where it was.
            await kiosk.call("mirror.ask", {})
            mirror = await kiosk.until("kiosk.mirror")
            assert mirror["call"]["call"] == call and mirror["call"]["phase"] == "waiting"
        finally:
            await kiosk.socket.disconnect()


async def _http_doors(stack: Stack, session: aiohttp.ClientSession) -> None:
    own = {"Origin": stack.url}
    wrong = {"name": "jiaxing-a", "password": "not this one 123"}
    status, body = await post(session, f"{stack.url}/api/sign-in", wrong, headers=own)
    assert (status, code_of(body)) == (401, "wrong_password")
    status, body = await post(session, f"{stack.url}/api/sign-in", wrong, headers={"Origin": "https://evil.example"})
    assert (status, code_of(body)) == (403, "foreign_origin")
    typed = {**own, "Content-Type": "application/json"}
    async with session.post(f"{stack.url}/api/sign-in", data=b"x" * 100_000, headers=typed) as response:
        assert response.status == 413
    async with session.post(f"{stack.url}/api/sign-in", data=b"{not json", headers=typed) as response:
        assert response.status == 400
    async with session.get(f"{stack.url}/api/calls") as response:
        assert response.status == 401
    async with session.get(f"{stack.url}/healthz") as response:
        assert response.status == 200


async def _enrolment(stack: Stack, session: aiohttp.ClientSession) -> None:
    code = (await stack.run("vwindow", "kiosk", "code", "sj-02")).strip()
    first = Kiosk(stack, session, "sj-02")
    assert (await first.enrol(session, code))[0] == 200
    status, body = await Kiosk(stack, session, "sj-02").enrol(session, code)
    assert (status, code_of(body)) == (409, "enrol_code_used")
    status, body = await first.enrol(session, "ABCD-EFGH-IJKL-MNOP.plain")
    assert code_of(body) == "enrol_code_unknown"
    # A revoked kiosk loses its link and does not come back.
    await first.connect(session)
    admin = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with admin:
        headers = {"Origin": stack.url}
        credentials = {"name": "admin", "password": stack.accounts["admin"]}
        assert (await post(admin, f"{stack.url}/api/sign-in", credentials, headers=headers))[0] == 200
        assert (await post(admin, f"{stack.url}/api/admin/kiosks/sj-02/revoke", {}, headers=headers))[0] == 200
    async with asyncio.timeout(5):
        await first.socket.wait()
    assert await refusal(first.socket, "/kiosk", first.connect(session)) == "kiosk_revoked"


async def _sockets(stack: Stack, session: aiohttp.ClientSession) -> None:
    bare = socketio.AsyncClient(reconnection=False, http_session=session)
    connecting = bare.connect(stack.url, namespaces=["/staff"], transports=["websocket"])
    assert await refusal(bare, "/staff", connecting) == "not_signed_in"
    for origin in ("https://evil.example", "null"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await bare.connect(stack.url, namespaces=["/staff"], headers={"Origin": origin}, transports=["websocket"])
    stranger = Kiosk(stack, session, "sj-01")
    assert await refusal(stranger.socket, "/kiosk", stranger.connect(session)) == "bad_signature"
    assert await refusal(stranger.socket, "/kiosk", stranger.connect(session, signature="zz")) == "bad_credentials"
    # An event before any namespace let us in reaches nobody and gets no answer.
    async with session.ws_connect(f"{stack.url}/socket.io/?EIO=4&transport=websocket") as raw:
        await raw.receive_str()
        await raw.send_str('42/staff,1["staff.ready",{}]')
        await raw.send_str('42/kiosk,1["call.ask",{}]')
        message = await raw.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED) or message.data == "2"


async def _payloads(stack: Stack, kiosk: Kiosk) -> None:
    for event, payload, code in (
        ("call.ask", {"city": "jiaxing"}, "bad_payload"),
        ("call.ask", ["list"], "bad_payload"),
        ("call.ask", {"city": "jiaxing", "item": 1, "recording": "accepted", "request": "r2"}, "call_running"),
        ("call.rate", {"call": "no-such-call", "grade": 5}, "call_unknown"),
        ("no.such.event", {}, "unknown_event"),
        ("media.offer", {"call": "c", "part": "console", "sdp": "v=0"}, "bad_part"),
    ):
        ack = await kiosk.call(event, payload)
        assert not ack["ok"] and ack["error"]["code"] == code, (event, ack)
    # Above the limit the connection ends before anything is parsed; the place in the line is kept meanwhile.
    big = {"call": "c", "part": "page", "sdp": "v" * (wire.MAX_MESSAGE_BYTES + 1)}
    await kiosk.socket.emit("media.offer", big, namespace="/kiosk")
    async with asyncio.timeout(10):
        await kiosk.socket.wait()
    async with aiohttp.ClientSession() as session:
        await kiosk.connect(session)


async def _random_datagrams(stack: Stack) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed={seed}")
    pick = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(400):
            sender.sendto(pick.randbytes(pick.randrange(0, 1200)), ("127.0.0.1", stack.media_port))


async def test_offers_that_are_refused_leave_the_call_as_it_was(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:
        kiosk = await enrolled(stack, session)
        staff = await console(stack, session)
        refused: asyncio.Queue[Any] = asyncio.Queue(maxsize=10)
        rang: asyncio.Queue[Any] = asyncio.Queue(maxsize=100)
        staff.on("media.refused", refused.put, namespace="/staff")
        staff.on("staff.mirror", rang.put, namespace="/staff")
        try:
            assert (await staff.call("staff.ready", {}, namespace="/staff"))["ok"]
            asked = {"city": "jiaxing", "item": 1, "recording": "accepted", "request": "r1"}
            call = (await kiosk.call("call.ask", asked))["call"]
            async with asyncio.timeout(5):
                while ((await rang.get()).get("call") or {}).get("phase") != "ringing":
                    pass
            early = await kiosk.call("media.offer", {"call": call, "part": "page", "sdp": NOT_SDP})
            assert not early["ok"] or (await kiosk.until("media.refused"))
            assert (await staff.call("call.answer", {"call": call}, namespace="/staff"))["ok"]
            await kiosk.until("call.changed", phase="connecting")

            for sdp, code in ((NOT_SDP, "not_sdp"), (video_only(), "offer_without_audio")):
                assert (await kiosk.call("media.offer", {"call": call, "part": "page", "sdp": sdp}))["ok"]
                assert (await kiosk.until("media.refused"))["error"]["code"] == code
                offer = {"call": call, "part": "console", "sdp": sdp}
                assert (await staff.call("media.offer", offer, namespace="/staff"))["ok"]
                async with asyncio.timeout(5):
                    assert (await refused.get())["error"]["code"] == code
            await kiosk.call("mirror.ask", {})
            assert (await kiosk.until("kiosk.mirror"))["call"]["phase"] == "connecting"
        finally:
            await kiosk.socket.disconnect()
            await staff.disconnect()


def video_only() -> str:
    """Return a whole offer as a browser would make it, with one video line and no audio."""
    return "\r\n".join(
        [
            "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
            "m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:abcd",
            "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
            "a=setup:actpass", "a=mid:0", "a=sendonly", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", "",
        ]
    )  # fmt: skip
