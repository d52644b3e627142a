"""Grants: what may be heard, seen and recorded changes within a packet, without a new offer."""

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, Guest, joined
from vwindow.errors import Refused
from vwindow.rtp import rtcp
from vwindow.sfu.allocation import FACE_FLOOR
from vwindow.sfu.slots import GRANTED

DOCUMENT, SCREEN, VOICE = 1001, 1002, 1000
"""SSRCs that tests/fakes/offers.py announces for m-lines of the agent, and of a microphone."""
DOCUMENT_SLOT = 5
"""The console's slots: four voices, then the kiosk's face, document and screen."""


def asked(guest: Guest, ssrc: int) -> int:
    return guest.reports().count(rtcp.KeyframeRequest((ssrc,)))


async def test_a_grant_lets_a_picture_through_with_a_keyframe_that_is_asked_for_at_once(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    floor.room.record("rec", "/nowhere", bytes(32))
    assert agent.sdp.count("a=recvonly") == 3
    for seq in range(65_530, 65_540):  # the numbers wrap while nobody sees it
        agent.rtp(DOCUMENT, seq & 0xFFFF, KEY)
    assert not console.media() and floor.counters.values["ungranted"] == 10
    assert "kiosk.document" not in floor.recorder.recordings[0].sinks
    floor.room.grant("kiosk.document", True)
    assert asked(agent, DOCUMENT) == 1  # no packet was needed for it
    agent.rtp(DOCUMENT, 4, DELTA)
    assert not console.media()
    agent.rtp(DOCUMENT, 5, KEY)
    agent.rtp(DOCUMENT, 6, DELTA)
    assert [data[12:] for data in console.media()] == [KEY, DELTA]
    assert int.from_bytes(console.media()[0][8:12], "big") == console.ssrcs[DOCUMENT_SLOT]
    assert [packet.payload for packet in floor.recorder.recordings[0].sinks["kiosk.document"].packets] == [KEY, DELTA]


async def test_without_its_grant_no_packet_more_and_with_it_again(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    floor.room.record("rec", "/nowhere", bytes(32))
    floor.room.grant("kiosk.document", True)
    agent.rtp(DOCUMENT, 1, KEY)
    agent.rtp(DOCUMENT, 2, DELTA)
    first = console.media()
    floor.room.grant("kiosk.document", False)
    agent.rtp(DOCUMENT, 3, DELTA)
    agent.rtp(DOCUMENT + 1000, 9, (1).to_bytes(2, "big") + DELTA, payload_type=97)
    console.feedback(rtcp.nack(99, console.ssrcs[DOCUMENT_SLOT], [int.from_bytes(first[0][2:4], "big")]))
    floor.run(2)
    assert console.media() == first and not console.media(repairs=True)
    slot = floor.peer("console").egresses[DOCUMENT_SLOT]
    assert slot.source is None
    assert slot.pad(5_000, floor.clock.monotonic()) == 0 and not console.media(repairs=True)  # nor to try the path
    floor.room.grant("kiosk.document", True)
    assert asked(agent, DOCUMENT) >= 1
    agent.rtp(DOCUMENT, 4, DELTA)
    agent.rtp(DOCUMENT, 5, KEY)
    numbers = [int.from_bytes(data[2:4], "big") for data in console.media()]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == [0, 1, 2]  # the slot closes up
    sink = floor.recorder.recordings[0].sinks["kiosk.document"]
    assert [packet.payload for packet in sink.packets] == [KEY, DELTA, KEY]


async def test_grants_belong_to_the_room(floor: Floor) -> None:
    _, console = await joined(floor, "agent", "console")
    assert floor.room.grants == sorted(GRANTED)
    floor.room.grant("kiosk.screen", True)
    floor.room.grant("kiosk.face", False)
    assert floor.room.grants == sorted(GRANTED - {"kiosk.face"} | {"kiosk.screen"})
    again = floor.guest("agent", 7)
    await again.connect()
    again.rtp(SCREEN, 1, KEY)
    again.rtp(VOICE, 1, KEY)  # the face: 1000 too
    assert [int.from_bytes(data[8:12], "big") for data in console.media()] == [console.ssrcs[DOCUMENT_SLOT + 1]]
    for source in ("observer.face", "", "staff.document"):
        with pytest.raises(Refused, match="unknown_source"):
            floor.room.grant(source, True)


async def test_an_observer_is_heard_once_it_may_speak(floor: Floor) -> None:
    page, observer = await joined(floor, "page", "observer")
    slot = [s.source for s in page.slots].index("observer.microphone")
    observer.rtp(VOICE, 1, b"voice", payload_type=111)
    assert not page.media()
    floor.room.grant("observer.microphone", True)
    observer.rtp(VOICE, 2, b"voice", payload_type=111)
    assert [int.from_bytes(data[8:12], "big") for data in page.media()] == [page.ssrcs[slot]]
    floor.room.grant("observer.microphone", False)
    observer.rtp(VOICE, 3, b"voice", payload_type=111)
    assert len(page.media()) == 1


async def test_a_sender_without_a_grant_is_told_not_to_waste(floor: Floor) -> None:
    agent, console = await joined(floor, "agent", "console")
    floor.run(1)

    def told(guest: Guest) -> dict[tuple[int, ...], int]:
        return {remb.ssrcs: remb.bitrate for remb in guest.reports() if isinstance(remb, rtcp.Remb)}

    assert told(agent) == {(1000,): 1_500_000, (DOCUMENT,): FACE_FLOOR, (SCREEN,): FACE_FLOOR}
    assert told(console) == {(1001,): 1_500_000}  # a browser counts one sum: of what is granted
    floor.room.grant("kiosk.screen", True)
    floor.room.grant("staff.screen", True)
    floor.run(1)
    assert told(agent)[(SCREEN,)] == 1_500_000
    assert told(console)[(1001, 1002)] == 3_000_000


async def test_who_has_left_takes_no_share_of_a_path(floor: Floor) -> None:
    agent, guest, _ = await joined(floor, "agent", "guest", "console")
    agent.rtp(1000, 1, KEY)
    guest.rtp(1001, 1, KEY)
    floor.run(1)
    assert set(floor.room.targets) == {"kiosk.face", "guest.face"}
    floor.certificate.made[1].ended()
    for seq in range(2, 320):
        agent.rtp(1000, seq, DELTA)
        floor.run(0.1)
    assert floor.states("guest")[-1] == "gone"
    assert set(floor.room.targets) == {"kiosk.face"}
