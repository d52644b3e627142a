"""Socket.IO with a desk behind it and sessions that tests open, speak through and kill, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from engineio import packet

from signaling.auth import SignedIn
from signaling.server import Signaling, new_server
from tests.fakes.desk_house import House, house

TOKEN = "t" * 32


@dataclass
class FakeRequest:
    """The parts of an aiohttp request that a handshake is judged by."""

    remote: str = "192.0.2.7"
    scheme: str = "http"
    host: str = "window.example"
    cookies: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeGates:
    """Implement KioskGate and StaffGate: `people` holds the staff member of each token."""

    people: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    """When set, answers come only after it."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def _wait(self) -> None:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()

    async def verify_link(self, kiosk: str, nonce: str, signature: str) -> None:
        await self._wait()

    async def signed_in(self, token: str) -> SignedIn | None:
        await self._wait()
        staff = self.people.get(token)
        return SignedIn(staff, token) if staff is not None else None


class Session:
    """One Engine.IO session as the server keeps it."""

    def __init__(self, door: "FrontDoor", sid: str) -> None:
        self.door = door
        self.sid = sid
        self.closed = False
        self.heard: list[str] = []

    async def send(self, sent: packet.Packet) -> None:
        if sent.packet_type == packet.MESSAGE:
            self.heard.append(str(sent.data))

    async def close(self, wait: bool = True, abort: bool = False, reason: str = "server disconnect") -> None:
        if not self.closed:
            self.closed = True
            await self.door.engine.handlers["disconnect"](self.sid, reason)

    async def say(self, text: str) -> None:
        await self.door.engine.handlers["message"](self.sid, text)

    async def connect(self, namespace: str, auth: Any = None) -> bool:
        """Ask for a namespace; tell whether it was given."""
        await self.say(f"0{namespace}," + (json.dumps(auth) if auth is not None else ""))
        return any(text.startswith(f"0{namespace},") for text in self.heard)

    async def call(self, namespace: str, event: str, payload: Any, number: int = 1) -> Any:
        """Send an event and return its acknowledgement."""
        await self.say(f"2{namespace},{number}" + json.dumps([event, payload]))
        head = f"3{namespace},{number}"
        found = [text for text in self.heard if text.startswith(head)]
        return json.loads(found[-1].removeprefix(head))[0]

    def events(self, name: str) -> list[Any]:
        """Return the payloads of an event that came, in order."""
        found = [json.loads(text.partition(",")[2]) for text in self.heard if text.startswith("2")]
        return [one[1] for one in found if one[0] == name]


class FrontDoor:
    """Both namespaces over a desk with fakes behind it."""

    def __init__(self, inside: House, per_address: int = 100) -> None:
        self.inside = inside
        self.gates = FakeGates()
        self.server = new_server(["https://listed.example"])
        self.signaling = Signaling(
            self.server, inside.desk, self.gates, self.gates, inside.clock, per_address=per_address
        )
        self.engine = self.server.eio
        self._number = 0

    async def open(self, token: str = "", remote: str = "192.0.2.7") -> Session | None:
        """Open a session; None when it is refused."""
        self._number += 1
        session = Session(self, f"e{self._number}")
        self.engine.sockets[session.sid] = session
        request = FakeRequest(remote, cookies={"vwindow_session": token} if token else {})
        if await self.engine.handlers["connect"](session.sid, {"aiohttp.request": request}) is False:
            del self.engine.sockets[session.sid]
            return None
        return session

    async def console(self, token: str = TOKEN) -> Session:
        """Open a session and be let in as the staff member of a token."""
        session = await self.open(token)
        assert session is not None and await session.connect("/staff")
        await self.inside.desk.settled()
        return session

    async def kiosk(self, kiosk: str = "k1") -> Session:
        """Open a session and be let in as a kiosk."""
        session = await self.open()
        assert session is not None and await session.connect("/kiosk", kiosk_auth(kiosk))
        await self.inside.desk.settled()
        return session

    def live(self, *sessions: Session) -> list[bool]:
        """Tell which sessions go on."""
        return [not session.closed for session in sessions]


def kiosk_auth(kiosk: str = "k1") -> dict[str, str]:
    """Return credentials of the right shape."""
    return {"kiosk": kiosk, "nonce": "ab" * 16, "signature": "cd" * 64}


@asynccontextmanager
async def front_door(per_address: int = 100) -> AsyncIterator[FrontDoor]:
    """Open a house with its front door; staff s1 has TOKEN."""
    async with house() as inside:
        door = FrontDoor(inside, per_address)
        door.gates.people[TOKEN] = "s1"
        yield door
