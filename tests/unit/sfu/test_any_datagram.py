"""Any datagram, from anywhere, even under good keys: nothing leaves the reader callback, nobody else is harmed."""

from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.glass_house import ADDRESSES, PARTS, STRANGERS, GlassHouse
from tests.fakes.raw_peer import binding_request, credentials
from vwindow.rtp import rtcp

BYTES = st.binary(max_size=120)
SSRCS = st.sampled_from([0, 1, 1000, 1001, 1002, 2000, 2001, 2002, 7, 0xFFFFFFFF]) | st.integers(0, 0xFFFFFFFF)


@st.composite
def media(draw: st.DrawFn) -> bytes:
    """Return an RTP packet with any header around any payload, with or without extensions and padding."""
    first = 0x80 | draw(st.sampled_from([0, 0x10, 0x20, 0x30, 0x01, 0x0F, 0x1F]))
    second = draw(st.sampled_from([96, 97, 111, 63, 96 | 128, 111 | 128])) & 0xFF
    head = bytes([first, second]) + draw(st.integers(0, 65535)).to_bytes(2, "big")
    head += draw(st.integers(0, 0xFFFFFFFF)).to_bytes(4, "big") + draw(SSRCS).to_bytes(4, "big")
    profile = draw(st.sampled_from([b"\xbe\xde", b"\x10\x00", b"\x10\x0f", b"\0\0"]))
    extension = profile + draw(st.integers(0, 9)).to_bytes(2, "big") if first & 0x10 else b""
    payload = draw(st.sampled_from([b"", b"\x10\x00", b"\x90\x80\x80", b"\x90\xf0\xff\xff\xff", b"\x6f\x80\xff"]))
    return head + extension + payload + draw(BYTES)


@st.composite
def reports(draw: st.DrawFn) -> bytes:
    """Return an RTCP compound whose parts are well framed and hold anything."""
    out = b""
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207, 192, 223]))
        count = draw(st.sampled_from([0, 1, 2, 4, 15, 31]))
        body = draw(SSRCS).to_bytes(4, "big") + draw(SSRCS).to_bytes(4, "big")
        body += draw(st.sampled_from([b"", b"REMB", b"\0\0\0\1", b"\xff\xff\0\0", b"\0\1\xff\xff"])) + draw(BYTES)
        body = body[: len(body) // 4 * 4]
        words = len(body) // 4 + draw(st.sampled_from([0, 0, 0, 0, 1, 200]))
        padding = draw(st.sampled_from([0, 0, 0, 0x20]))
        out += bytes([0x80 | padding | count, kind]) + words.to_bytes(2, "big") + body
    return out


@st.composite
def transport_cc(draw: st.DrawFn) -> bytes:
    """Return a transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) that is nearly right."""
    base, count = draw(st.integers(0, 65535)), draw(st.integers(0, 65535))
    body = base.to_bytes(2, "big") + count.to_bytes(2, "big") + draw(st.binary(min_size=4, max_size=4)) + draw(BYTES)
    body = body[: len(body) // 4 * 4]
    return rtcp.receiver_report(7, ()) + bytes([0x8F, 205]) + (len(body) // 4 + 2).to_bytes(2, "big") + bytes(8) + body


@st.composite
def checks(draw: st.DrawFn) -> bytes:
    """Return a check of somebody, with some bytes changed."""
    data = bytearray(binding_request(draw(st.sampled_from(["", "ours:theirs", ":", "x" * 600])), b"password"))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


DATAGRAMS = st.one_of(BYTES, media(), reports(), transport_cc(), checks(), st.just(b"\x16\xfe\xfd" + bytes(30)))


@settings(max_examples=60, deadline=None)
@given(
    sender=st.sampled_from(PARTS),
    datagrams=st.lists(st.tuples(st.booleans(), st.sampled_from(STRANGERS), DATAGRAMS), max_size=60),
)
def test_nobodys_garbage_harms_another(sender: Any, datagrams: list[tuple[bool, Any, bytes]]) -> None:
    with closing(GlassHouse()) as house:
        house.check()
        for number, (strange, stranger, data) in enumerate(datagrams):
            house.take(data, stranger if strange else ADDRESSES[sender])
            house.clock.advance(0.005)
            if number % 20 == 19:
                house.tick()
        house.tick()
        for part in PARTS:  # who was only listening may have been quiet for long
            house.take(binding_request(*credentials(house.answers[part])), ADDRESSES[part])
        house.check(without=sender)


def test_senders_reports_and_addresses_are_bounded() -> None:
    with closing(GlassHouse()) as house:
        for number in range(3000):
            ssrc = number.to_bytes(4, "big")
            house.take(b"\x80\x6f\0\1" + bytes(4) + ssrc + b"voice", ADDRESSES["page"])
            house.take(b"\x80\xc9\0\1" + ssrc + b"\0" * 8, ADDRESSES["page"])
            house.take(b"\x80\x60\0\1" + bytes(4) + ssrc + b"\x10\0", STRANGERS[number % 3])
            house.take(binding_request(*credentials(house.answers["page"]), nominate=False), ("198.51.100.3", number))
        house.check(without="page")
