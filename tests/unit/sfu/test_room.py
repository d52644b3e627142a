"""A room without sockets and handshakes: who is heard, who is shown what, who is told what."""

from tests.fakes.floor import DELTA, KEY, Floor, Guest
from vwindow.rtp import rtcp
from vwindow.rtp.ntp import to_ntp
from vwindow.sfu.peer import MAX_SSRCS, UNPROVEN_PACKETS

FACE, DOCUMENT = 1000, 1001
"""SSRCs that tests/fakes/offers.py announces for the agent's m-lines."""


async def call(floor: Floor) -> tuple[Guest, Guest, Guest]:
    guests = floor.guest("agent", 1), floor.guest("page", 2), floor.guest("console", 3)
    for guest in guests:
        await guest.connect()
    return guests


async def test_the_agents_face_is_shown_in_the_consoles_slot(floor: Floor) -> None:
    agent, _, console = await call(floor)
    for seq, payload in enumerate((KEY, DELTA, DELTA)):
        agent.rtp(FACE, seq, payload)
    media = console.media()
    assert [data[12:] for data in media] == [KEY, DELTA, DELTA]
    slot = next(index for index, slot in enumerate(console.slots) if slot.source == "kiosk.face")
    assert {int.from_bytes(data[8:12], "big") for data in media} == {console.ssrcs[slot]}
    assert {data[1] & 127 for data in media} == {96}


async def test_ungranted_m_lines_reach_nobody(floor: Floor) -> None:
    agent, page, console = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    agent.rtp(DOCUMENT, 1, KEY)
    agent.rtp(77, 1, KEY, mid="2")
    assert console.media() == page.media() == []
    assert not any(sink.packets for sink in floor.recorder.recordings[0].sinks.values())
    assert floor.counters.values["ungranted"] == 2


async def test_routing_by_mid_and_by_unique_payload_type(floor: Floor) -> None:
    agent, page, console = await call(floor)
    agent.rtp(555, 1, KEY, mid="0")
    agent.rtp(556, 1, KEY)  # three lines have payload type 96: nobody can tell which it is
    page.rtp(557, 1, b"voice", payload_type=111)
    assert [data[12:] for data in console.media()] == [KEY, b"\x6fvoice"]  # 111, RFC 2198: nothing to repeat yet
    page.rtp(557, 2, b"voice", payload_type=0)
    assert len(console.media()) == 2


async def test_packets_that_are_not_authentic_or_from_elsewhere_are_dropped(floor: Floor) -> None:
    agent, _, console = await call(floor)
    floor.give(b"\x80\x60" + bytes(30), agent.address)
    floor.give(b"\x80\x60" + bytes(30), ("192.0.2.66", 1))
    floor.give(b"\x16\xfe\xff", ("192.0.2.66", 1))
    floor.give(b"\x80\x60", agent.address)
    floor.give(b"\x80\xc8" + bytes(30), agent.address)
    floor.give(b"", agent.address)
    floor.give(b"\x50garbage", agent.address)
    assert console.media() == []
    counts = floor.counters.values
    assert (counts["stray"], counts["empty"], counts["early_or_short"]) == (3, 1, 1)


async def test_ssrcs_are_bounded(floor: Floor) -> None:
    agent, _, console = await call(floor)
    for ssrc in range(5000, 5100):
        agent.rtp(ssrc, 1, KEY, mid="0")
    assert len(console.media()) <= MAX_SSRCS
    assert floor.counters.values["unrouted"] == 100 - MAX_SSRCS


async def test_what_is_not_authentic_takes_no_ssrc(floor: Floor) -> None:
    agent, _, console = await call(floor)
    for ssrc in range(5000, 5100):
        floor.give(b"\x90\x60\0\1" + bytes(4) + ssrc.to_bytes(4, "big") + b"\xbe\xde\0\1\x400\0\0", agent.address)
    agent.rtp(FACE, 1, KEY)
    assert len(console.media()) == 1


async def test_a_missing_packet_is_asked_for_at_once_and_a_viewer_gets_it_late(floor: Floor) -> None:
    agent, _, console = await call(floor)
    for seq, payload in ((65534, KEY), (65535, DELTA), (1, DELTA)):
        agent.rtp(FACE, seq, payload)
    assert rtcp.Nack(FACE, (0,)) in agent.reports()
    agent.rtp(FACE, 0, DELTA)
    numbers = [int.from_bytes(data[2:4], "big") for data in console.media()]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == [0, 1, 3, 2]
    console.feedback(rtcp.nack(99, console.ssrcs[4], [0x10000 + numbers[2]]))
    (again,) = console.media(repairs=True)
    assert again[1] & 127 == 97
    assert again[8:12] == console.repairs[4].to_bytes(4, "big")
    assert again[12:] == numbers[2].to_bytes(2, "big") + console.media()[2][12:]


async def test_a_senders_repair_stream_mends_its_media(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 0, KEY)
    agent.rtp(FACE, 2, DELTA)
    repaired = (1).to_bytes(2, "big") + DELTA
    agent.rtp(FACE + 1000, 70, repaired, payload_type=97)
    agent.rtp(FACE + 1000, 71, repaired, payload_type=97)
    agent.rtp(FACE + 1000, 72, b"", payload_type=97)  # a probe: it carries nothing
    agent.rtp(FACE, 1, DELTA)  # comes after all
    media = console.media()
    assert [data[12:] for data in media] == [KEY, DELTA, DELTA]
    first = int.from_bytes(media[0][2:4], "big")
    assert [(int.from_bytes(data[2:4], "big") - first) & 0xFFFF for data in media] == [0, 2, 1]
    floor.run(1)
    reports = [report for report in agent.reports() if isinstance(report, rtcp.ReceiverReport)]
    assert [block.lost for report in reports for block in report.blocks][-1] == 0


async def test_a_repair_stream_without_announcement_is_found_by_mid(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 0, KEY)
    agent.rtp(FACE, 2, DELTA)
    agent.rtp(4321, 9, (1).to_bytes(2, "big") + DELTA, payload_type=97, mid="0")
    assert len(console.media()) == 3


async def test_padding_keeps_the_numbering_whole(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 0, KEY)
    agent.padding(FACE, 1)
    agent.rtp(FACE, 2, DELTA)
    media = console.media()
    assert [data[12:] for data in media] == [KEY, b"", DELTA]
    first = int.from_bytes(media[0][2:4], "big")
    assert [(int.from_bytes(data[2:4], "big") - first) & 0xFFFF for data in media] == [0, 1, 2]
    assert not any(isinstance(report, rtcp.Nack) for report in agent.reports())


async def test_a_fir_asks_as_a_pli_does(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 1, KEY)
    floor.run(1)
    before = agent.reports().count(rtcp.KeyframeRequest((FACE,)))
    slot = console.ssrcs[4].to_bytes(4, "big")
    console.feedback(bytes((0x84, rtcp.PSFB, 0, 4)) + bytes(8) + slot + bytes((1, 0, 0, 0)))
    assert agent.reports().count(rtcp.KeyframeRequest((FACE,))) == before + 1


async def test_a_viewers_request_becomes_one_pli(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 1, KEY)
    floor.run(1)
    before = agent.reports().count(rtcp.KeyframeRequest((FACE,)))
    for _ in range(10):
        console.feedback(rtcp.picture_loss(99, console.ssrcs[4]))
    assert agent.reports().count(rtcp.KeyframeRequest((FACE,))) == before + 1


async def test_reports_each_second(floor: Floor) -> None:
    agent, page, console = await call(floor)
    agent.rtp(FACE, 10, KEY)
    agent.feedback(rtcp.sender_report(FACE, to_ntp(1e9), 30_000, 1, 1))
    floor.run(3)
    receiver_reports = [report for report in agent.reports() if isinstance(report, rtcp.ReceiverReport)]
    blocks = [report.blocks[0] for report in receiver_reports if report.blocks]
    assert len(blocks) >= 3
    assert blocks[0].ssrc == FACE
    assert 0 < blocks[0].delay <= 65536
    assert rtcp.Remb(1_500_000, (FACE,)) in agent.reports()
    assert not any(isinstance(report, rtcp.Remb) for report in page.reports())
    sender_reports = [report for report in console.reports() if isinstance(report, rtcp.SenderReport)]
    assert len(sender_reports) == 3
    first, second = sender_reports[:2]
    assert abs((second.timestamp - first.timestamp) % (1 << 32) - 90_000) < 10
    assert abs((second.ntp - first.ntp) / (1 << 32) - 1) < 1e-3


async def test_silent_back_and_gone(floor: Floor) -> None:
    agent = floor.guest("agent", 1)
    await agent.connect()
    floor.run(2.5)
    agent.feedback()
    floor.run(2.5)
    assert floor.states("agent") == ["up"]
    floor.run(1)
    assert floor.states("agent") == ["up", "silent"]
    agent.check()
    floor.run(0.1)
    assert floor.states("agent") == ["up", "silent", "back"]
    floor.run(31)
    assert floor.states("agent") == ["up", "silent", "back", "silent", "gone"]
    assert floor.room.peers == 0


async def test_an_offer_that_never_connects_expires(floor: Floor) -> None:
    floor.guest("page", 1)
    floor.run(31)
    assert floor.states("page") == ["gone"]
    assert floor.room.peers == 0


async def test_a_handshake_that_fails_ends_that_peer_only(floor: Floor) -> None:
    agent, _, console = await call(floor)
    floor.certificate.fails = True
    again = floor.guest("agent", 9)
    await again.connect()
    agent.rtp(FACE, 1, KEY)
    assert len(console.media()) == 1
    assert floor.room.peers == 3
    assert floor.states("agent") == ["up"]


async def test_a_new_peer_replaces_the_old_and_the_recording_goes_on(floor: Floor) -> None:
    agent, _, console = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    agent.rtp(FACE, 500, KEY)
    agent.rtp(FACE, 501, DELTA)
    again = floor.guest("agent", 9)
    agent.rtp(FACE, 502, DELTA)
    await again.connect()
    agent.rtp(FACE, 503, DELTA)  # from an address that is no longer allowed
    again.rtp(FACE, 9, DELTA)
    again.rtp(FACE, 10, KEY)
    again.rtp(FACE, 11, DELTA)
    packets = floor.recorder.recordings[0].sinks["kiosk.face"].packets
    assert [packet.seq - packets[0].seq for packet in packets] == [0, 1, 2, 3, 4]
    assert len(console.media()) == 5
    assert floor.states("agent") == ["up", "up"]


async def test_media_to_a_new_address_waits_for_a_sign_of_life(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 0, KEY)
    console.check(("198.51.100.1", 7), nominate=False)
    agent.rtp(FACE, 1, DELTA)
    assert len(console.media()) == 2
    console.check(("198.51.100.1", 7))
    for seq in range(2, 40):
        agent.rtp(FACE, seq, DELTA)
    assert len(console.media()) == UNPROVEN_PACKETS
    console.feedback()
    agent.rtp(FACE, 40, DELTA)
    assert len(console.media()) == UNPROVEN_PACKETS + 1


async def test_goodbye_is_silence_at_once(floor: Floor) -> None:
    agent, _, _ = await call(floor)
    floor.certificate.made[0].ended()
    floor.run(0.1)
    assert floor.states("agent") == ["up", "silent"]
    assert agent.part == "agent"


async def test_recording_progress_and_stall(floor: Floor) -> None:
    agent, _, _ = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    recording = floor.recorder.recordings[0]
    seq = 0
    for _ in range(4):
        agent.rtp(FACE, seq, KEY)
        seq += 1
        floor.run(1)
    progress = [event for event in floor.events if event.event == "recording"]
    assert [event.stalled for event in progress] == [False] * 4
    assert progress[-1].bytes_total == 4 * len(KEY)
    assert progress[-1].bytes_recent == 3 * len(KEY)
    recording.stuck = True
    for _ in range(5):
        agent.rtp(FACE, seq, KEY)
        seq += 1
        floor.run(1)
    assert [event for event in floor.events if event.event == "recording"][-1].stalled


async def test_a_recording_that_fails_is_told_and_the_call_goes_on(floor: Floor) -> None:
    agent, _, console = await call(floor)
    floor.recorder.full = True
    floor.room.record("rec", "/nowhere", bytes(32))
    assert [event.event for event in floor.events][-1] == "recording_failed"
    agent.rtp(FACE, 0, KEY)
    assert len(console.media()) == 1


async def test_closing_ends_all(floor: Floor) -> None:
    agent, _, console = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    agent.rtp(FACE, 0, KEY)
    await floor.room.close()
    assert all(transport.closed for transport in floor.certificate.made)
    assert floor.recorder.recordings[0].closed
    agent.rtp(FACE, 1, DELTA)
    assert len(console.media()) == 1


async def test_an_ice_restart_keeps_keys_slots_and_sources(floor: Floor) -> None:
    agent, _, console = await call(floor)
    agent.rtp(FACE, 0, KEY)
    again = floor.restarted(console)
    assert again.ssrcs == console.ssrcs
    assert again.ufrag != console.ufrag
    agent.rtp(FACE, 1, DELTA)
    assert len(console.media()) == 2  # the old path counts until the new one is checked
    again.check(("198.51.100.1", 7))
    again.feedback()
    agent.rtp(FACE, 2, DELTA)
    assert len(console.media()) == 2
    assert len(again.media()) == 1
    console.check()
    agent.rtp(FACE, 3, DELTA)
    assert len(again.media()) == 2  # the old credentials move nothing any more
    assert floor.states("console") == ["up"]
    assert len(floor.certificate.made) == 3


async def test_an_ice_restart_from_the_same_address(floor: Floor) -> None:
    agent, _, console = await call(floor)
    again = floor.restarted(console)
    again.check()
    agent.rtp(FACE, 0, KEY)
    assert len(console.media()) == 1
    twice = floor.restarted(console)
    twice = floor.restarted(twice)
    twice.check(("198.51.100.1", 7))
    agent.rtp(FACE, 1, DELTA)
    assert len(twice.media()) == 1
    assert floor.counters.values["ice_restarts"] == 3


async def test_an_offer_after_goodbye_is_a_new_peer(floor: Floor) -> None:
    _, _, console = await call(floor)
    floor.certificate.made[2].ended()
    await floor.restarted(console).connect()
    assert len(floor.certificate.made) == 4
    assert floor.states("console") == ["up", "up"]


async def test_a_recording_gets_a_keyframe_every_ten_seconds(floor: Floor) -> None:
    agent, _, _ = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    agent.rtp(FACE, 1, KEY)
    floor.run(1)
    before = agent.reports().count(rtcp.KeyframeRequest((FACE,)))
    for second in range(30):
        agent.rtp(FACE, 2 + second, DELTA)
        floor.run(1)
    assert agent.reports().count(rtcp.KeyframeRequest((FACE,))) == before + 3
