"""One SSRC and number never protect two different packets: with AES-GCM that would give the keys away."""

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from vwindow.rtp.packet import HEADER
from vwindow.rtp.seq import Unwrapper
from vwindow.rtp.stamps import Stamps
from vwindow.sfu.egress import Egress, Outlet
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.sdp import OfferedLine
from vwindow.sfu.seat import SlotStart
from vwindow.sfu.slots import format_of

KEYFRAME, DELTA = b"\x10\x00", b"\x00\x01"


class Upstream:
    """A stream that nobody asks."""

    def request_keyframe(self) -> None:
        pass


STEPS = st.lists(
    st.one_of(
        # source, stream of it, step of its number (repeats, late, gaps, jumps), keyframe?
        st.tuples(
            st.sampled_from([0, 1]),
            st.sampled_from([0, 1]),
            st.one_of(st.integers(-40, 40), st.sampled_from([-1200, -600, 300, 900, 1200, 9000, 40_000])),
            st.booleans(),
        ),
        st.sampled_from([0, 1]),  # show a source
        st.lists(st.integers(0, 65535), min_size=1, max_size=5),  # resend
    ),
    min_size=5,
    max_size=150,
)


@given(first=st.integers(0x10000, 0x17FFF), repair=st.booleans(), steps=STEPS)
def test_one_number_never_protects_two_packets(first: int, repair: bool, steps: list[object]) -> None:
    clock = FakeClock()
    sources = [Ingest(name, format_of("video"), clock) for name in ("kiosk.face", "staff.face")]
    streams = [[Upstream(), Upstream()] for _ in sources]
    numbers = {(source, stream): 0x10000 + 65_000 for source in (0, 1) for stream in (0, 1)}
    protected: dict[tuple[int, int], bytes] = {}
    indices = {5: Unwrapper(), 6: Unwrapper()}  # what SRTP makes of the number (RFC 3711 §3.3.1)
    sent: list[bytes] = []

    def protect(plain: bytes) -> bytes:
        _, _, seq, _, ssrc = HEADER.unpack_from(plain)
        number = ssrc, indices[ssrc].take(seq)
        assert protected.setdefault(number, plain) == plain, f"number {number} twice"
        return plain

    slot = SlotStart(0, 5, "x", first, 0, repair=6, repair_first=65_530)
    line = OfferedLine("video", "0", "recvonly", 96, (), (), (), repair=97 if repair else 0)
    egress = Egress(slot, line, format_of("video"), Outlet(protect, sent.append, Stamps(3, 2)))
    egress.show(sources[0])
    for count, step in enumerate(steps):
        clock.advance(0.01)
        now = clock.monotonic()
        if isinstance(step, tuple):
            source, stream, ahead, keyframe = step
            numbers[source, stream] += ahead
            number = numbers[source, stream]
            payload = (KEYFRAME if keyframe else DELTA) + count.to_bytes(4, "big")  # never the same twice
            sources[source].take(streams[source][stream], number, number * 100, True, payload, now)
        elif isinstance(step, list):
            egress.resend(step, now)
        else:
            assert isinstance(step, int)
            egress.show(sources[step])
    assert set(sent) <= set(protected.values())
    assert sources[0].sink_errors == sources[1].sink_errors == 0
