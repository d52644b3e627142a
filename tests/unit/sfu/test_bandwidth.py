"""Paths in a room: reports of viewers become what senders are told, and pauses."""

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, Guest, joined
from tests.fakes.pathway import transport_report
from vwindow.rtp import rtcp
from vwindow.rtp.rtcp import ReportBlock

FACE, STAFF_FACE, VOICE = 1000, 1001, 1000
BITRATE = 1_500_000
FACE_SLOT = 4
"""The console's slots: four voices, then the kiosk's face."""


def remb_to(guest: Guest) -> list[rtcp.Remb]:
    """Return what a guest was told of its face: what it may not send now has a figure of its own."""
    ssrc = FACE if guest.part == "agent" else STAFF_FACE
    return [report for report in guest.reports() if isinstance(report, rtcp.Remb) and ssrc in report.ssrcs]


class Congested:
    """Report a viewer's packets as if they came through a queue that drains at `rate` bit/s."""

    def __init__(self, floor: Floor, viewer: Guest, rate: float) -> None:
        self.floor = floor
        self.viewer = viewer
        self.rate = rate
        self.free = 0.0
        self.number = 0
        self.pending: list[int | None] = []

    def step(self, sizes: list[int]) -> None:
        now = self.floor.clock.monotonic()
        for size in sizes:
            self.free = max(self.free, now) + size * 8 / self.rate
            self.pending.append(int(self.free * 4000))
        if len(self.pending) >= 8:
            self.viewer.feedback(transport_report(self.number & 0xFFFF, self.pending))
            self.number += len(self.pending)
            self.pending = []


def play(floor: Floor, agent: Guest, seconds: float, *queues: Congested, first: int = 0) -> int:
    """Let the agent send about 1 Mbit/s and run the room; return the next sequence number."""
    seq = first
    for frame in range(int(seconds * 30)):
        for part in range(4):
            agent.rtp(FACE, seq, (KEY if frame % 30 == 0 and part == 0 else DELTA) + bytes(1000))
            seq += 1
        for queue in queues:
            queue.step([1060] * 4)
        floor.clock.advance(1 / 30)
        if frame % 3 == 0:
            floor.tick()
    return seq


async def test_a_viewers_queue_lowers_the_source_at_once(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    play(floor, agent, 5, Congested(floor, console, 500_000))
    told = [remb.bitrate for remb in remb_to(agent)]
    assert told[0] == BITRATE
    assert 200_000 < told[-1] < 600_000
    lowered = next(index for index, bitrate in enumerate(told) if bitrate < BITRATE)
    assert lowered <= 3


async def test_a_wide_path_leaves_the_source_alone(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    play(floor, agent, 5, Congested(floor, console, 50_000_000))
    assert {remb.bitrate for remb in remb_to(agent)} == {BITRATE}


async def test_an_observer_lowers_nothing_and_its_picture_pauses_and_comes_back(floor: Floor) -> None:
    agent, console, observer = await joined(floor, "agent", "console", "observer")
    wide, narrow = Congested(floor, console, 50_000_000), Congested(floor, observer, 400_000)
    seq = play(floor, agent, 6, wide, narrow)
    assert {remb.bitrate for remb in remb_to(agent)} == {BITRATE}
    assert len(console.media()) == seq
    assert len(observer.media()) < 0.8 * seq
    egress = floor.peer("observer").egresses[4]
    assert egress.paused
    assert not floor.peer("console").egresses[4].paused


async def test_rembs_count_where_a_viewer_has_nothing_better(floor: Floor) -> None:
    agent, console = floor.guest("agent", 1), floor.guest("console", 2, ("a=rtcp-fb:96 transport-cc\r\n", ""))
    await agent.connect()
    await console.connect()
    agent.rtp(FACE, 0, KEY)
    console.feedback(rtcp.remb(99, 700_000, [console.ssrcs[FACE_SLOT]]))
    floor.run(4)
    (last,) = {remb.bitrate for remb in remb_to(agent)[-3:]}
    assert last == pytest.approx(0.9 * 700_000, rel=0.01)
    floor.run(12)  # it fell silent: it counts no more
    assert remb_to(agent)[-1].bitrate == BITRATE


async def test_small_changes_are_not_told(floor: Floor) -> None:
    agent, console = floor.guest("agent", 1), floor.guest("console", 2, ("a=rtcp-fb:96 transport-cc\r\n", ""))
    await agent.connect()
    await console.connect()
    agent.rtp(FACE, 0, KEY)
    for bitrate in (700_000, 730_000, 680_000, 720_000):
        console.feedback(rtcp.remb(99, bitrate, [console.ssrcs[FACE_SLOT]]))
        floor.run(1)
    assert len({remb.bitrate for remb in remb_to(agent)}) == 2


async def test_a_browser_is_told_one_sum_and_an_agent_each_source(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    floor.run(1)
    assert remb_to(agent)[-1].ssrcs == (FACE,)
    assert remb_to(console)[-1].ssrcs == (STAFF_FACE,)


async def test_a_sender_of_a_voice_is_told_the_worst_required_viewers_loss(floor: Floor) -> None:
    page, console, observer = await joined(floor, "page", "console", "observer")
    for seq in range(3):
        page.rtp(VOICE, seq, b"voice", payload_type=111)

    def told() -> int:
        floor.run(2.2)
        reports = [report for report in page.reports() if isinstance(report, rtcp.ReceiverReport) and report.blocks]
        return reports[-1].blocks[0].fraction_lost

    def lose(viewer: Guest, fraction: int) -> None:
        for _ in range(8):
            viewer.feedback(rtcp.receiver_report(98, [ReportBlock(viewer.ssrcs[0], fraction, 0, 0, 0, 0, 0)]))

    assert told() == 0
    lose(observer, 128)
    assert told() == 0  # an observer decides nothing
    lose(console, 128)
    assert 55 <= told() <= 64  # half lost, and each packet comes twice: a quarter remains


async def test_what_a_red_packet_repeats_mends_a_voice_for_all(floor: Floor) -> None:
    page, console = await joined(floor, "page", "console")
    floor.room.record("rec", "/nowhere", bytes(32))

    def repeating(earlier: bytes, now: bytes) -> bytes:
        offset = 3000  # Guest.rtp's step
        return bytes((0x80 | 111,)) + (offset << 10 | len(earlier)).to_bytes(3, "big") + b"\x6f" + earlier + now

    page.rtp(VOICE, 0, b"\x6fzero", payload_type=63)
    page.rtp(VOICE, 2, repeating(b"one", b"two"), payload_type=63)
    page.rtp(VOICE, 3, repeating(b"two", b"three"), payload_type=63)
    page.rtp(VOICE, 4, b"four", payload_type=111)
    packets = floor.recorder.recordings[0].sinks["kiosk.microphone"].packets
    assert [packet.payload for packet in packets] == [b"zero", b"one", b"two", b"three", b"four"]
    assert [packet.seq - packets[0].seq for packet in packets] == [0, 1, 2, 3, 4]
    assert [packet.timestamp - packets[0].timestamp for packet in packets] == [0, 3000, 6000, 9000, 12000]
    assert [data[-4:] for data in console.media()] == [b"zero", b"\x6fone"[-4:], b"etwo"[-4:], b"hree", b"four"]


async def test_a_silence_without_packets_stays_one(floor: Floor) -> None:
    page, console = await joined(floor, "page", "console")
    for seq in (0, 1, 2, 3):
        page.rtp(VOICE, seq, b"voice", payload_type=111)
        floor.clock.advance(0.0625)
    before = console.media()[-1]
    floor.clock.advance(5)
    page.say_at(VOICE, 4, 4 * 3000 + 240_000, b"again")  # discontinuous transmission: numbers go on, times jump
    after = console.media()[-1]
    assert int.from_bytes(after[2:4], "big") - int.from_bytes(before[2:4], "big") in (1, 1 - 65536)
    passed = int.from_bytes(after[4:8], "big") - int.from_bytes(before[4:8], "big")
    assert passed % (1 << 32) == 3000 + 240_000
    assert after[12:] == b"\x6fagain"  # the last word is too long ago to be repeated
