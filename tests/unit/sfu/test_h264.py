"""A room in H.264: which of an offer's formats is taken, and where its pictures begin."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.floor import Floor
from tests.fakes.offers import offer
from tests.unit.sfu.test_streams import stream_offer
from vwindow.errors import Refused
from vwindow.sfu.sdp import read_offer
from vwindow.sfu.streams import read_stream

FACE, H264, FACE_SLOT = 1000, 103, 4
SPS = b"\x78\0\4\x67abc\0\4\x68abc"
IDR, MORE, SLICE = b"\x7c\x85idr", b"\x7c\x45idr", b"\x61slice"
FORMAT = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    floor = Floor("h264")
    yield floor
    await floor.room.close()


def test_constrained_baseline_not_interleaved_is_taken() -> None:
    lines = read_offer(offer("agent"), "agent", video="h264").lines
    assert [(line.payload_type, line.repair, line.parameters) for line in lines] == [(103, 104, FORMAT)] * 3
    assert [line.payload_type for line in read_offer(offer("agent"), "agent").lines] == [96] * 3


@pytest.mark.parametrize(
    ("profile", "taken"),
    [("42e01f", 103), ("42C00D", 103), ("42401e", 103), ("42001f", 0), ("4d001f", 0), ("640c1f", 0), ("nonsense", 0)],
)
def test_other_profiles_are_not(profile: str, taken: int) -> None:
    text = offer(
        "agent", ("packetization-mode=1;profile-level-id=42e01f", f"packetization-mode=1;profile-level-id={profile}")
    )
    if taken:
        assert read_offer(text, "agent", video="h264").lines[0].payload_type == taken
        return
    with pytest.raises(Refused, match="no_h264"):
        read_offer(text, "agent", video="h264")


def test_an_offer_with_neither_is_refused_for_good() -> None:
    text = offer("agent", ("H264/90000", "H265/90000"))
    with pytest.raises(Refused, match="no_h264"):
        read_offer(text, "agent", video="h264")
    with pytest.raises(Refused) as caught:
        read_offer(text.replace("VP8/90000", "VP9/90000"), "agent", video="h264")
    assert caught.value.code == "no_common_codec"


def test_a_stream_does_not_decide_the_rooms_codec() -> None:
    text = stream_offer("whep").replace("H264/90000", "H265/90000")
    with pytest.raises(Refused) as caught:
        read_stream(text, "whep", "kiosk", "face", "r1", "h264")
    assert caught.value.code == "no_common_codec"


async def test_the_room_answers_its_codec_alone_and_shows_it_from_the_parameters_on(floor: Floor) -> None:
    agent, console = floor.guest("agent", 1), floor.guest("console", 2)
    for guest in (agent, console):
        assert "VP8" not in guest.sdp and f"a=fmtp:{H264} {FORMAT}\r\n" in guest.sdp
        assert "a=fmtp:104 apt=103\r\n" in guest.sdp
        await guest.connect()
    floor.room.record("rec", "/nowhere", bytes(32))
    for seq, (time, payload) in enumerate([(0, SLICE), (1, SPS), (1, IDR), (1, MORE), (2, SLICE)]):
        agent.say_at(FACE, seq, time * 3000, payload, H264)
    media = console.media()
    assert [data[12:] for data in media] == [SPS, IDR, MORE, SLICE]
    assert {data[1] & 127 for data in media} == {H264}
    sink = floor.recorder.recordings[0].sinks["kiosk.face"]
    assert sink.format.codec == "h264"
    assert [packet.keyframe for packet in sink.packets] == [True, False, False, False]
    late = floor.guest("observer", 3)
    await late.connect()  # begins with the parameters of the last keyframe, not with its picture
    assert [data[12:] for data in late.media()] == [SPS, IDR, MORE, SLICE]
