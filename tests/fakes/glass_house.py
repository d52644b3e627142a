"""A call whose SRTP hides nothing: whatever a test puts on the wire reaches the parsers, as under stolen keys."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.offers import FINGERPRINT, offer
from tests.fakes.raw_peer import binding_request, credentials
from tests.fakes.recorder import FakeRecorder
from tests.fakes.worker_house import KEYFRAME, KIOSK_FACE_MID, slot_ssrc
from vwindow.rtp import packet
from vwindow.sfu import control
from vwindow.sfu.gate import Gate
from vwindow.sfu.peer import MAX_SSRCS
from vwindow.sfu.rooms import Rooms
from vwindow.sfu.slots import Part

PARTS: tuple[Part, ...] = ("agent", "page", "console")
ADDRESSES = {part: ("198.51.100.1", 1000 + number) for number, part in enumerate(PARTS)}
STRANGERS = [("198.51.100.2", number) for number in range(3)]
PAGE_VOICE_MID = "3"
"""M-line of a console that plays the kiosk's microphone."""


class GlassTransport:
    """The shape of sfu.transport.Transport without keys."""

    def __init__(self) -> None:
        self.protect = self.unprotect = self.protect_rtcp = self.unprotect_rtcp = _same

    def put(self, data: bytes) -> bool:
        return True

    async def connect(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _same(data: bytes) -> bytes:
    return data


class GlassCertificate:
    fingerprint = FINGERPRINT

    def associate(
        self, fingerprints: Sequence[tuple[str, str]], send: Callable[[bytes], None], ended: Callable[[], None]
    ) -> GlassTransport:
        return GlassTransport()


@dataclass
class GlassPort:
    """Keep what is sent."""

    index: int = 0
    sent: list[tuple[bytes, Any]] = field(default_factory=list)

    def send(self, data: bytes, address: Any) -> None:
        self.sent.append((data, address))


class GlassHouse:
    """One room with an agent, a page and a console, driven datagram by datagram without a socket or a clock."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.port = GlassPort()
        self.answers: dict[Part, str] = {}
        self.numbers = {"agent": 0, "page": 0}
        self.runner.run(self._fill())

    async def _fill(self) -> None:
        self.rooms = Rooms([("127.0.0.1", 0)], FakeRecorder(), lambda event: None, self.clock)
        self.rooms._around = replace(self.rooms._around, certificate=GlassCertificate())  # type: ignore[arg-type]
        self.gate: Gate = self.rooms._gate
        await self.rooms.perform(control.Request(id=1, order=control.OpenRoom(room="r")))
        order = control.StartRecording(room="r", recording="x", path="/nowhere", key_hex="00" * 32)
        await self.rooms.perform(control.Request(id=2, order=order))
        for part in PARTS:
            ask = control.AnswerOffer(room="r", part=part, sdp=offer(part))
            reply = await self.rooms.perform(control.Request(id=3, order=ask))
            self.answers[part] = reply.sdp
            self.take(binding_request(*credentials(reply.sdp)), ADDRESSES[part])
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)

    def take(self, data: bytes, address: Any) -> None:
        """Take one datagram, as the reader callback would; nothing may leave."""
        self.gate.take(data, address, self.port, self.clock.monotonic())  # type: ignore[arg-type]

    def tick(self) -> None:
        for phase in range(10):
            self.clock.advance(0.1)
            self.rooms.tick(phase)

    def check(self, *, without: Part | None = None) -> None:
        """Check that nothing failed, little is held, and those who were not `without` still see and hear."""
        failed = [name for name in self.rooms._counters.values if name.startswith("error")]
        assert not failed, failed
        room = self.rooms._rooms["r"]
        for source in room._sources.values():
            assert source.sink_errors == 0
        book = self.rooms._around.book
        assert len(book.owners[0]) <= 8 * len(PARTS)
        for peer in room._up.values():
            assert len(peer._ssrcs) <= MAX_SSRCS
        assert set(room._up) == set(PARTS)
        if without != "console":
            if without != "agent":
                self._passes("agent", 96, KEYFRAME, KIOSK_FACE_MID)
            if without != "page":
                self._passes("page", 111, b"voice", PAGE_VOICE_MID)

    def _passes(self, part: Part, payload_type: int, payload: bytes, mid: str) -> None:
        slot = slot_ssrc(self.answers["console"], mid)
        for _ in range(3):
            number = self.numbers[part]
            self.numbers[part] += 1
            body = payload + number.to_bytes(4, "big")
            self.port.sent.clear()
            self.take(packet.write(1000, payload_type, number, number * 960, True, body), ADDRESSES[part])
            self.clock.advance(0.02)
            heard = [data for data, to in self.port.sent if to == ADDRESSES["console"]]
            assert any(int.from_bytes(data[8:12], "big") == slot and data.endswith(body) for data in heard), (part, mid)

    def close(self) -> None:
        self.runner.run(self.rooms.close())
        self.runner.close()
