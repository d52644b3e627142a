"""RTCP: what is written is read again (also by aiortc), and no bytes make the parser fail."""

import aiortc.rtp
from hypothesis import given
from hypothesis import strategies as st

from vwindow.rtp import rtcp
from vwindow.rtp.ntp import PeerClock, from_ntp, middle, round_trip, to_ntp

BLOCK = rtcp.ReportBlock(ssrc=9, fraction_lost=12, lost=-3, highest=70_000, jitter=55, last_sr=0xABCD, delay=65536)


def test_reports_are_read_again() -> None:
    compound = (
        rtcp.receiver_report(1, [BLOCK])
        + rtcp.sender_report(5, 1 << 60, 77, 8, 9)
        + rtcp.source_names([(1, "vwindow"), (5, "kiosk")])
        + rtcp.picture_loss(1, 6)
        + rtcp.nack(1, 6, [65535, 65536, 65540, 70_000])
        + rtcp.remb(1, 1_500_000, [6, 7])
    )
    assert rtcp.parse(compound) == [
        rtcp.ReceiverReport(1, (BLOCK,)),
        rtcp.SenderReport(5, 1 << 60, 77, 8, 9, ()),
        rtcp.KeyframeRequest((6,)),
        rtcp.Nack(6, (65535, 0, 4, 4464)),
        rtcp.Remb(1_500_000, (6, 7)),
    ]


def test_aiortc_reads_what_we_write() -> None:
    packets = aiortc.rtp.RtcpPacket.parse(
        rtcp.receiver_report(1, [BLOCK])
        + rtcp.source_names([(1, "vwindow")])
        + rtcp.nack(1, 6, [65545, 65546, 65550])
        + rtcp.remb(1, 1_500_000, [6])
    )
    report, names, nack, remb = packets
    assert isinstance(report, aiortc.rtp.RtcpRrPacket)
    assert report.reports[0].packets_lost == -3
    assert isinstance(names, aiortc.rtp.RtcpSdesPacket)
    assert names.chunks[0].items == [(1, b"vwindow")]
    assert isinstance(nack, aiortc.rtp.RtcpRtpfbPacket)
    assert nack.lost == [9, 10, 14]
    assert isinstance(remb, aiortc.rtp.RtcpPsfbPacket)
    assert aiortc.rtp.unpack_remb_fci(remb.fci) == (1_500_000, [6])


def test_a_compound_with_transport_feedback_loses_nothing() -> None:
    transport_cc = bytes((0x8F, rtcp.RTPFB, 0, 4)) + bytes(16)
    found = rtcp.parse(rtcp.receiver_report(1, ()) + transport_cc + rtcp.picture_loss(1, 6))
    assert found == [rtcp.ReceiverReport(1, ()), rtcp.KeyframeRequest((6,))]


def test_fir_and_bye() -> None:
    fir = bytes((0x84, rtcp.PSFB, 0, 4)) + bytes(8) + (6).to_bytes(4, "big") + bytes((1, 0, 0, 0))
    bye = bytes((0x82, rtcp.BYE, 0, 2)) + (6).to_bytes(4, "big") + (7).to_bytes(4, "big")
    assert rtcp.parse(fir + bye) == [rtcp.KeyframeRequest((6,)), rtcp.Bye((6, 7))]


def test_a_huge_nack_is_bounded() -> None:
    body = b"".join((n * 17 % 65536).to_bytes(2, "big") + b"\xff\xff" for n in range(300))
    found = rtcp.parse(bytes((0x81, rtcp.RTPFB)) + (2 + 300).to_bytes(2, "big") + bytes(8) + body)
    assert isinstance(found[0], rtcp.Nack)
    assert len(found[0].numbers) == rtcp.MAX_NACKED


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fail(data: bytes) -> None:
    rtcp.parse(data)


@given(
    st.lists(
        st.tuples(st.integers(0, 63), st.sampled_from([200, 201, 202, 203, 204, 205, 206]), st.binary(max_size=80))
    )
)
def test_no_packets_make_the_parser_fail(packets: list[tuple[int, int, bytes]]) -> None:
    data = b"".join(
        bytes((0x80 | count, kind)) + (len(body) // 4).to_bytes(2, "big") + body for count, kind, body in packets
    )
    rtcp.parse(data)


@given(st.lists(st.integers(0x10000, 0x13000), min_size=1, max_size=100, unique=True))
def test_nacked_numbers_are_read_again(numbers: list[int]) -> None:
    numbers.sort()
    found = rtcp.parse(rtcp.nack(1, 2, numbers))
    assert found == [rtcp.Nack(2, tuple(number & 0xFFFF for number in numbers))]


@given(st.integers(0, 1 << 40))
def test_remb_keeps_the_first_18_bits(bitrate: int) -> None:
    (found,) = rtcp.parse(rtcp.remb(1, bitrate, [2]))
    assert isinstance(found, rtcp.Remb)
    assert found.bitrate <= bitrate <= found.bitrate * (1 + 2**-17)


def test_ntp_times() -> None:
    ntp = to_ntp(1_700_000_000.25)
    assert from_ntp(ntp) == 1_700_000_000.25
    sent = middle(ntp)
    assert round_trip(to_ntp(1_700_000_000.75), sent, 65536 // 4) == 0.25
    assert round_trip(ntp, 0, 0) is None
    assert round_trip(ntp, sent, 100) == 0.0


def test_a_peers_clock_is_read_from_the_least_delayed_report() -> None:
    clock = PeerClock()
    assert clock.take(5000.0, 10.0625) == 10.0625
    assert clock.take(5001.0, 11.03125) == 11.03125
    assert clock.take(5002.0, 12.25) == 12.03125


def test_a_clock_that_is_set_back_a_little_is_followed_after_some_reports() -> None:
    clock = PeerClock()
    for second in range(20):
        clock.take(5000.0 + second, 10.0 + second)
    told = [clock.take(5020.0 + second - 0.25, 30.0 + second) for second in range(6)]
    assert told[0] == 29.75
    assert told[4:] == [34.0, 35.0]


def test_a_stepped_clock_starts_anew() -> None:
    clock = PeerClock()
    clock.take(5000.0, 10.0)
    assert clock.take(5003.0, 11.0) == 11.0
    assert clock.take(5002.0, 12.0) == 12.0
