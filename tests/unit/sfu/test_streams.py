"""Single streams of a room: any order of m-lines, one sender per source, many players."""

import re
from itertools import pairwise

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, Guest
from tests.fakes.offers import FINGERPRINT, offer_lines
from tests.unit.ice.test_stun import request
from vwindow.errors import Refused
from vwindow.sfu.streams import MAX_STREAMS, StreamKind, read_stream

VIDEO_SSRC, AUDIO_SSRC = 1004, 1000


def stream_offer(kind: StreamKind, kinds: str = "va", number: int = 1) -> str:
    """Return an offer with m-lines in this order (a: audio, v: video)."""
    rows = offer_lines("page")
    starts = [index for index, row in enumerate(rows) if row.startswith("m=")] + [len(rows)]
    sections = [rows[a:b] for a, b in pairwise(starts)]
    audio, video = sections[0], [*sections[4], f"a=ssrc:{VIDEO_SSRC} cname:x"]
    chosen = [audio if each == "a" else video for each in kinds]
    mids = [str(index) for index in range(len(chosen))]
    head = [row if not row.startswith("a=group") else "a=group:BUNDLE " + " ".join(mids) for row in rows[: starts[0]]]
    direction = "a=sendonly" if kind == "whip" else "a=recvonly"
    body = [
        f"a=mid:{mid}" if row.startswith("a=mid:") else direction if row in ("a=sendonly", "a=recvonly") else row
        for mid, section in zip(mids, chosen, strict=True)
        for row in section
        if kind == "whip" or not row.startswith("a=ssrc")
    ]
    text = "\r\n".join([*head, *body]) + "\r\n"
    return text.replace(FINGERPRINT, "sha-256 " + ":".join([f"{number:02X}"] * 32))


class Streamer(Guest):
    """A stream's end, with the parts of a guest that tests use."""

    def __init__(self, floor: Floor, kind: StreamKind, number: int, side: str = "kiosk", source: str = "face") -> None:
        self.floor = floor
        self.address = ("192.0.2.8", 7000 + number)
        self.remote = "Y18i"
        self.repairs: list[int] = []
        self.resource, self.sdp = floor.room.answer_stream(kind, side, source, stream_offer(kind, number=number))
        self.ufrag = re.findall("ice-ufrag:(.*)\r", self.sdp)[0]
        self.password = re.findall("ice-pwd:(.*)\r", self.sdp)[0]

    def check(self, address: object = None, nominate: bool = True) -> None:
        self.floor.give(request(f"{self.ufrag}:{self.remote}", self.password.encode(), nominate), self.address)


async def joined(floor: Floor, kind: StreamKind, number: int, source: str = "face") -> Streamer:
    streamer = Streamer(floor, kind, number, source=source)
    await streamer.connect()
    return streamer


def states(floor: Floor, streamer: Streamer) -> list[str]:
    return [e.state for e in floor.events if e.event == "stream" and e.resource == streamer.resource]


@pytest.mark.parametrize("kinds", ["av", "va", "a", "v"])
@pytest.mark.parametrize("kind", ["whip", "whep"])
def test_any_order_of_m_lines(kind: StreamKind, kinds: str) -> None:
    found = read_stream(stream_offer(kind, kinds), kind, "staff", "face", "r1")
    want = {"a": "staff.microphone", "v": "staff.face"}
    assert [line.source for line in found.table] == [want[each] for each in kinds]
    assert found.place == f"{kind}-r1"


@pytest.mark.parametrize("kinds", ["aa", "vv", "ava"])
def test_one_of_each_at_most(kinds: str) -> None:
    with pytest.raises(Refused, match="at most"):
        read_stream(stream_offer("whip", kinds), "whip", "kiosk", "face", "r1")


async def test_a_stream_reaches_players_and_console_alike(floor: Floor) -> None:
    console = floor.guest("console", 30)
    await console.connect()
    publisher, player = await joined(floor, "whip", 1), await joined(floor, "whep", 2)
    for seq, payload in enumerate((KEY, DELTA)):
        publisher.rtp(VIDEO_SSRC, seq, payload)
    publisher.rtp(AUDIO_SSRC, 1, b"voice", payload_type=111)
    assert [data[12:] for data in player.media()] == [KEY, DELTA, b"\x6fvoice"]
    assert [data[12:] for data in console.media()] == [KEY, DELTA, b"\x6fvoice"]
    assert states(floor, player) == ["up"]
    assert floor.room.up == ["console"]


async def test_a_document_brings_no_voice(floor: Floor) -> None:
    publisher, player = await joined(floor, "whip", 1, "document"), await joined(floor, "whep", 2, "document")
    publisher.rtp(VIDEO_SSRC, 1, KEY)
    publisher.rtp(AUDIO_SSRC, 1, b"voice", payload_type=111)
    assert [data[12:] for data in player.media()] == [KEY]
    assert "a=inactive" in publisher.sdp


async def test_a_part_of_the_call_comes_before_a_stream(floor: Floor) -> None:
    publisher = await joined(floor, "whip", 1)
    agent = floor.guest("agent", 20)
    await agent.connect()
    assert states(floor, publisher) == ["up", "gone"]
    with pytest.raises(Refused, match="source_taken"):
        Streamer(floor, "whip", 2)
    assert floor.states("agent") == ["up"]


async def test_streams_are_bounded_and_end(floor: Floor) -> None:
    players = [Streamer(floor, "whep", number) for number in range(MAX_STREAMS)]
    with pytest.raises(Refused, match="too_many_streams"):
        Streamer(floor, "whep", 99)
    floor.room.end_stream(players[0].resource)
    assert states(floor, players[0]) == ["gone"]
    for name in (players[0].resource, "", "nothing"):
        with pytest.raises(Refused, match="unknown_stream"):
            floor.room.end_stream(name)
    floor.run(31)
    assert floor.room.peers == 0  # never connected: forgotten
