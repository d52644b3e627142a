"""TURN servers as this kiosk finds them: which one can be reached, and plain words for why another cannot.

One of them is used for a connection (aioice knows no more): over UDP where that gets through, else over TCP, else TLS.
"""

import asyncio
import contextlib
import json
import re
import secrets
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from signaling import wire

Way = Literal["udp", "tcp", "tls"]
ORDER: tuple[Way, ...] = ("udp", "tcp", "tls")
ANSWER_SECONDS = 2.0
BETTER_SECONDS = 0.3
"""How long a better way may still answer after the first one did."""
UDP_AGAIN_SECONDS = 0.1
FILE = "turn.json"
"""Addresses of the last call, without credentials: for `vwindow-kiosk check`."""
URL = re.compile(r"(turns?):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?")
BINDING_REQUEST = b"\x00\x01\x00\x00\x21\x12\xa4\x42"
"""RFC 8489 section 5: the header up to the transaction id."""


@dataclass(frozen=True, slots=True)
class Relay:
    """One address of a TURN server and the credential for it."""

    url: str
    way: Way
    host: str
    port: int
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """The relay to use, if one answered, and why others did not."""

    relay: Relay | None
    failures: dict[str, str] = field(default_factory=dict)
    """URL → `no_answer`, `refused`, `certificate` or `unknown_host`."""


def relays_of(servers: Sequence[wire.IceServer]) -> list[Relay]:
    """Return all addresses, the best way first; what is no address of a TURN server is left out."""
    found = []
    for server in servers:
        for url in server.urls:
            parts = URL.fullmatch(url)
            if parts is not None:
                scheme, host, port, transport = parts.groups()
                way: Way = "tls" if scheme == "turns" else "tcp" if transport == "tcp" else "udp"
                number = int(port or (5349 if way == "tls" else 3478))
                if number < 65536:
                    found.append(Relay(url, way, host.strip("[]"), number, server.username, server.credential))
    return sorted(found, key=lambda relay: ORDER.index(relay.way))


def tls_context(authority: str) -> ssl.SSLContext:
    """Return how the certificate of a TURN server is checked; `authority` names a file, the system's own when empty.

    Raises OSError when the file cannot be used.
    """
    context = ssl.create_default_context(cafile=authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def choose(relays: Sequence[Relay], context: ssl.SSLContext, seconds: float = ANSWER_SECONDS) -> Found:
    """Ask all at once and return the best that answers, soon after the first answer."""
    failures: dict[str, str] = {}
    asked = {asyncio.ensure_future(_ask(relay, context)): relay for relay in relays}
    answered: list[Relay] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        waiting = set(asked)
        while waiting and loop.time() < end:
            done, waiting = await asyncio.wait(
                waiting, timeout=max(0.0, end - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if reason := task.result():
                    failures[asked[task].url] = reason
                else:
                    answered.append(asked[task])
            if answered:
                best = min(ORDER.index(relay.way) for relay in answered)
                end = min(end, loop.time() + BETTER_SECONDS)
                waiting = {task for task in waiting if ORDER.index(asked[task].way) < best}
        if not answered:
            failures.update({asked[task].url: "no_answer" for task in waiting})
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return Found(min(answered, key=lambda relay: ORDER.index(relay.way), default=None), failures)


async def _ask(relay: Relay, context: ssl.SSLContext) -> str:
    """Return "" when the server answers, else why not."""
    try:
        if relay.way == "udp":
            await _ask_datagram(relay)
        else:
            await _ask_stream(relay, context if relay.way == "tls" else None)
    except ssl.SSLError:
        return "certificate"
    except ConnectionError:
        return "refused"
    except (socket.gaierror, UnicodeError):  # the latter for what can be no name
        return "unknown_host"
    except (OSError, EOFError):
        return "no_answer"
    return ""


async def _ask_stream(relay: Relay, context: ssl.SSLContext | None) -> None:
    """Send a binding request and wait for bytes: many a proxy accepts any connection, and no more."""
    reader, writer = await asyncio.open_connection(relay.host, relay.port, ssl=context)
    try:
        writer.write(BINDING_REQUEST + secrets.token_bytes(12))
        await reader.readexactly(len(BINDING_REQUEST))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Answer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self.came.done():
            self.came.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.came.done():
            self.came.set_exception(exc)


async def _ask_datagram(relay: Relay) -> None:
    """Send a binding request again and again until something comes back."""
    loop = asyncio.get_running_loop()
    transport, answer = await loop.create_datagram_endpoint(_Answer, remote_addr=(relay.host, relay.port))
    try:
        while True:
            transport.sendto(BINDING_REQUEST + secrets.token_bytes(12))
            try:
                async with asyncio.timeout(UDP_AGAIN_SECONDS):
                    return await asyncio.shield(answer.came)
            except TimeoutError:
                continue
    finally:
        answer.came.cancel()
        transport.close()


def remember(folder: Path, relays: Sequence[Relay]) -> None:
    """Keep the addresses for `vwindow-kiosk check`; no credentials."""
    content = json.dumps(sorted({relay.url for relay in relays}))
    path = folder / FILE
    with contextlib.suppress(OSError):
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")


def remembered(folder: Path) -> list[Relay]:
    """Return the addresses of the last call; none when there are none."""
    try:
        urls = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return relays_of([wire.IceServer(urls=urls, username="", credential="")])
    except (OSError, ValueError):
        return []
