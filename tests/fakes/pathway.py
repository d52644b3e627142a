"""The way from a room to one of its viewers as a rate, a delay and a short queue; the viewer reports what came."""

from tests.fakes.floor import DELTA, KEY, Floor, Guest, is_media
from vwindow.rtp import packet, rtcp

TRANSPORT = 3
"""Number of the transport-wide extension in tests/fakes/offers.py."""
REPORT_SECONDS = 0.05
LOST_BEYOND = 0.3
"""Seconds of queue from which on the path drops."""


class Pathway:
    """Carry what the room has sent to a viewer since the last step, and report it as a browser does."""

    def __init__(self, floor: Floor, viewer: Guest, rate: float, delay: float = 0.02) -> None:
        self.floor = floor
        self.viewer = viewer
        self.rate = rate
        self.delay = delay
        self.queue = 0.0
        """Seconds that the last packet waited."""
        self.worst = 0.0
        """The longest wait since it was set to 0."""
        self.heard: list[bytes] = []
        """Reports for the viewer."""
        self._octets = 0
        self._free = 0.0
        self._base = -1
        self._pending: list[int | None] = []
        self._reported = 0.0

    def arrived(self) -> int:
        """Return the bits that got through since the last call, UDP and IP included."""
        octets, self._octets = self._octets, 0
        return 8 * octets

    def step(self) -> None:
        """Take along what was sent since the last step."""
        now = self.floor.clock.monotonic()
        sent, self.floor.port.sent[:] = list(self.floor.port.sent), []
        for data, address in sent:
            if address != self.viewer.address:
                self.floor.port.sent.append((data, address))
            elif is_media(data):
                self._carry(data, now)
            else:
                self.heard.append(data)
        if self._pending and now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self.viewer.feedback(transport_report(self._base & 0xFFFF, self._pending))
            self._base += len(self._pending)
            self._pending = []

    def _carry(self, data: bytes, now: float) -> None:
        number = packet.extension(data, TRANSPORT)
        assert number is not None, "each packet is numbered"
        if self._base < 0:
            self._base = int.from_bytes(number, "big")
        assert int.from_bytes(number, "big") == (self._base + len(self._pending)) & 0xFFFF, "in order, without holes"
        free = max(self._free, now) + 8 * (len(data) + 28) / self.rate
        if free - now > LOST_BEYOND:
            self._pending.append(None)
            return
        self._free, self.queue = free, free - now
        self.worst = max(self.worst, self.queue)
        self._octets += len(data) + 28
        self._pending.append(int((free + self.delay) * 4000))


class Visitor:
    """A kiosk's page with a voice and its agent with a picture, which sends what it is told, up to `rate` bit/s."""

    def __init__(self, floor: Floor, page: Guest, agent: Guest, rate: float) -> None:
        self.floor = floor
        self.page = page
        self.agent = agent
        self.rate = rate
        self.told = 1_500_000
        self._steps = 0
        self._voice = 0
        self._picture = 0
        self._credit = 0.0
        self._key = True

    def step(self) -> None:
        """Send what is due in 10 ms."""
        self._listen()
        self._steps += 1
        if self._steps % 2 == 0:
            self.page.rtp(1000, self._voice, bytes(80), payload_type=111)
            self._voice += 1
        if self._steps % 3 == 0:
            self._credit += min(self.rate, self.told) * 0.03 / 8
            size = self._credit * (3 if self._key else 1)
            self._credit -= size
            if size < 100:
                return
            count = max(1, round(size / 1000))
            for index in range(count):
                first = KEY if self._key and index == 0 else DELTA
                self.agent.rtp(1000, self._picture, first + bytes(int(size / count)))
                self._picture += 1
            self._key = False

    def _listen(self) -> None:
        sent, self.floor.port.sent[:] = list(self.floor.port.sent), []
        for data, address in sent:
            if address not in (self.agent.address, self.page.address):
                self.floor.port.sent.append((data, address))
            elif address == self.agent.address and not is_media(data) and data[0] >> 6 == 2:
                for report in rtcp.parse(data[:-4]):
                    if isinstance(report, rtcp.Remb) and 1000 in report.ssrcs:
                        self.told = report.bitrate
                    self._key |= isinstance(report, rtcp.KeyframeRequest)


def transport_report(base: int, arrivals: list[int | None]) -> bytes:
    """Write transport-wide feedback with two-byte steps; arrivals in 250 µs, ascending within a second or so."""
    known = [tick for tick in arrivals if tick is not None]
    reference = known[0] // 256 if known else 0
    before = reference * 256
    chunks = b"".join(((0 if tick is None else 2) << 13 | 1).to_bytes(2, "big") for tick in arrivals)
    deltas = b""
    for tick in known:
        deltas += (tick - before).to_bytes(2, "big", signed=True)
        before = tick
    body = bytes(8) + base.to_bytes(2, "big") + len(arrivals).to_bytes(2, "big")
    body += reference.to_bytes(3, "big") + b"\0" + chunks + deltas
    body += bytes(-len(body) % 4)
    return bytes((0x8F, rtcp.RTPFB)) + (len(body) // 4).to_bytes(2, "big") + body
