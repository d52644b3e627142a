"""A room with its gate on a port that is a list, under a clock that tests move."""

import asyncio
import re

from tests.fakes.clock import FakeClock
from tests.fakes.keys import TAG, FakeCertificate
from tests.fakes.offers import FINGERPRINT, offer
from tests.fakes.recorder import FakeRecorder
from tests.unit.ice.test_stun import request
from vwindow.ice.book import Address, Book
from vwindow.rtp import packet, rtcp
from vwindow.sfu.control import Event
from vwindow.sfu.counters import Counters
from vwindow.sfu.gate import Gate
from vwindow.sfu.peer import Peer
from vwindow.sfu.room import Room, Surroundings
from vwindow.sfu.slots import Part, VideoCodec

KEY = b"\x10\x00key"
DELTA = b"\x10\x01delta"


def is_media(data: bytes) -> bool:
    """Tell whether a datagram is RTP."""
    return data[0] >> 6 == 2 and not 192 <= data[1] <= 223


def bare(data: bytes) -> bytes:
    """Return a packet of the fake keys as if it had neither tag nor extensions."""
    start, end = packet.payload_span(data)
    return b"\x80" + data[1:12] + data[start : end - len(TAG)]


class FakePort:
    def __init__(self, index: int = 0) -> None:
        self.index = index
        self.sent: list[tuple[bytes, Address]] = []

    def send(self, data: bytes, address: Address) -> None:
        self.sent.append((data, address))


class Guest:
    """A participant: its answer and its address."""

    def __init__(
        self,
        floor: "Floor",
        part: Part,
        address: Address,
        fingerprint: str,
        ufrag: str = "Y18i",
        changes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.floor = floor
        self.part = part
        self.address = address
        self.fingerprint = fingerprint
        self.remote = ufrag
        text = offer(part, (FINGERPRINT, fingerprint), ("ufrag:Y18i", f"ufrag:{ufrag}"), *changes)
        self.sdp, self.slots = floor.room.answer(part, text)
        self.ufrag = re.findall("ice-ufrag:(.*)\r", self.sdp)[0]
        self.password = re.findall("ice-pwd:(.*)\r", self.sdp)[0]
        # Of each slot: its media SSRC, and its repair SSRC (0 without).
        lines = [re.findall("ssrc:([0-9]+) msid", line) for line in self.sdp.split("m=")]
        self.ssrcs = [int(line[0]) for line in lines if line]
        self.repairs = [int(line[1]) if len(line) > 1 else 0 for line in lines if line]

    def check(self, address: Address | None = None, nominate: bool = True) -> None:
        if address is not None and nominate:
            self.address = address
        data = request(f"{self.ufrag}:{self.remote}", self.password.encode(), nominate)
        self.floor.give(data, address or self.address)

    async def connect(self) -> None:
        self.check()
        for _ in range(3):
            await asyncio.sleep(0)

    def rtp(self, ssrc: int, seq: int, payload: bytes, payload_type: int = 96, mid: str = "") -> None:
        data = packet.write(ssrc, payload_type, seq, seq * 3000, True, payload)
        if mid:
            body = bytes((0x40 | len(mid) - 1,)) + mid.encode()
            body += bytes(-len(body) % 4)
            head = b"\xbe\xde" + (len(body) // 4).to_bytes(2, "big") + body
            data = bytes((0x90,)) + data[1:12] + head + data[12:]
        self.floor.give(data + TAG, self.address)

    def say_at(self, ssrc: int, seq: int, timestamp: int, payload: bytes, payload_type: int = 111) -> None:
        """Send a packet, of a voice if not said otherwise, with a time of its own."""
        self.floor.give(packet.write(ssrc, payload_type, seq, timestamp, False, payload) + TAG, self.address)

    def say(self, ssrc: int, seq: int, level: int) -> None:
        """Send a voice packet that tells how loud it is (RFC 6464), in −dBov."""
        data = packet.write(ssrc, 111, seq, seq * 960, False, b"voice")
        self.floor.give(
            b"\x90" + data[1:12] + bytes((0xBE, 0xDE, 0, 1, 0x10, level, 0, 0)) + data[12:] + TAG, self.address
        )

    def padding(self, ssrc: int, seq: int) -> None:
        """Send a packet that holds eight bytes of padding and nothing else (RFC 3550 §5.1)."""
        data = packet.write(ssrc, 96, seq, seq * 3000, False, bytes(7) + b"\x08")
        self.floor.give(bytes((0xA0,)) + data[1:] + TAG, self.address)

    def feedback(self, *packets: bytes) -> None:
        self.floor.give(rtcp.receiver_report(99, ()) + b"".join(packets) + TAG, self.address)

    def media(self, repairs: bool = False) -> list[bytes]:
        """Return RTP packets that were sent here, without extensions, of media or of repair streams."""
        found = (bare(data) for data, address in self.floor.port.sent if address == self.address and is_media(data))
        return [data for data in found if (int.from_bytes(data[8:12], "big") in self.repairs) == repairs]

    def reports(self) -> list[rtcp.Report]:
        sent = (data for data, address in self.floor.port.sent if address == self.address)
        found: list[rtcp.Report] = []
        for data in sent:
            if data[0] >> 6 == 2 and 192 <= data[1] <= 223:
                found += rtcp.parse(data[:-4])
        return found


class Floor:
    """Everything around one room."""

    def __init__(self, video: VideoCodec = "vp8") -> None:
        self.clock = FakeClock()
        self.certificate = FakeCertificate()
        self.recorder = FakeRecorder()
        self.events: list[Event] = []
        self.port = FakePort()
        self.counters = Counters()
        book: Book[Peer] = Book(1)
        self.gate = Gate(book, self.counters)
        self.room = Room(
            "r",
            Surroundings(
                clock=self.clock,
                wall=self.clock.now().timestamp() - self.clock.monotonic(),
                book=book,
                certificate=self.certificate,
                candidates=(("192.0.2.1", 5000),),
                recorder=self.recorder,
                counters=self.counters,
                emit=self.events.append,
                face_bitrate=1_500_000,
            ),
            video=video,
        )
        self._phase = 0

    def give(self, data: bytes, address: Address) -> None:
        self.gate.take(data, address, self.port, self.clock.monotonic())

    def guest(self, part: Part, number: int, *changes: tuple[str, str]) -> Guest:
        fingerprint = "sha-256 " + ":".join([f"{number:02X}"] * 32)
        return Guest(self, part, ("192.0.2.7", 6000 + number), fingerprint, changes=changes)

    def restarted(self, guest: Guest) -> Guest:
        """Let a guest make the offer of an ICE restart."""
        return Guest(self, guest.part, guest.address, guest.fingerprint, "other")

    def run(self, seconds: float) -> None:
        """Let time pass in ticks."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            self.tick()

    def tick(self) -> None:
        """Do what is due in a tenth of a second that has passed."""
        self._phase = (self._phase + 1) % 10
        self.room.tick(self.clock.monotonic(), self._phase)

    def peer(self, part: Part) -> Peer:
        """Return the connected peer of a part."""
        return next(peer for peer in self.room.connected if peer.part == part)

    def states(self, part: Part) -> list[str]:
        return [event.state for event in self.events if event.event == "peer" and event.part == part]


async def joined(floor: Floor, *parts: str) -> list[Guest]:
    """Connect one guest for each part."""
    guests = [floor.guest(part, number) for number, part in enumerate(parts, 1)]
    for guest in guests:
        await guest.connect()
    return guests
