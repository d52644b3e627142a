"""Offers: what is read, what is refused with which code, and the answer to a good one."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.offers import FINGERPRINT, offer, offer_lines
from vwindow.errors import Refused
from vwindow.sfu.answer import Local, write_answer
from vwindow.sfu.sdp import MID_URI, TRANSPORT_CC_URI, read_offer
from vwindow.sfu.slots import LINES, Part

PARTS: tuple[Part, ...] = ("page", "agent", "console", "guest", "observer")
LOCAL = Local("ufrag", "password", FINGERPRINT, (("192.0.2.1", 5000), ("2001:db8::1", 5001)))


@pytest.mark.parametrize("part", PARTS)
def test_a_good_offer_is_read(part: Part) -> None:
    found = read_offer(offer(part), part)
    assert [line.kind for line in found.lines] == [line.kind for line in LINES[part]]
    assert found.ufrags == {"Y18i"}
    assert found.fingerprints == (("sha-256", ":".join(["AB"] * 32)),)
    for index, line in enumerate(found.lines):
        assert line.mid == str(index)
        assert line.mid_extension == 4
        assert line.payload_type == (111 if line.kind == "audio" else 96)
        assert line.ssrcs == ((1000 + index,) if LINES[part][index].sends else ())


@pytest.mark.parametrize(
    ("part", "changes", "code"),
    [
        ("page", [("v=0", "hello")], "not_sdp"),
        ("page", [("o=- 42 2 IN IP4 127.0.0.1\r\n", "")], "not_sdp"),
        ("page", [("s=-", "s")], "not_sdp"),
        ("page", [("a=mid:0", "a=mid:0\x00")], "not_sdp"),
        ("console", [("m=audio 9", "m=video 9")], "offer_without_audio"),
        ("page", [("opus/48000/2", "speex/16000")], "no_common_codec"),
        ("agent", [("VP8/90000", "VP9/90000")], "no_common_codec"),
        ("agent", [("m=video 9", "m=video 0")], "bad_offer"),
        ("agent", [("UDP/TLS/RTP/SAVPF", "RTP/AVP")], "bad_offer"),
        ("agent", [("a=sendonly", "a=recvonly")], "bad_offer"),
        ("page", [("a=recvonly", "a=sendonly")], "bad_offer"),
        ("agent", [("a=mid:1", "a=mid:0")], "bad_offer"),
        ("agent", [("a=mid:1", "a=mid:")], "bad_offer"),
        ("agent", [("BUNDLE 0 1 2", "BUNDLE 0 1")], "bad_offer"),
        ("agent", [("a=group:BUNDLE 0 1 2\r\n", "")], "bad_offer"),
        ("agent", [("a=rtcp-mux", "a=rtcp-muxed")], "bad_offer"),
        ("agent", [("a=fingerprint:sha-256 AB", "a=fingerprint:sha-256 A")], "bad_offer"),
        ("agent", [("a=fingerprint:sha-256", "a=fingerprint:md5")], "bad_offer"),
        ("agent", [("a=setup:actpass", "a=setup:passive")], "bad_offer"),
        ("agent", [("a=ice-ufrag:Y18i", "a=ice-ufrag:a b")], "bad_offer"),
        ("agent", [("a=ice-ufrag:Y18i\r\n", "")], "bad_offer"),
        ("agent", [("a=ssrc:1001", "a=ssrc:1000")], "bad_offer"),
        ("agent", [("a=ssrc:1001", "a=ssrc:99999999999")], "bad_offer"),
        ("agent", [("SAVPF 96 97", "SAVPF 72 97"), ("a=rtpmap:96", "a=rtpmap:72")], "bad_offer"),
    ],
)
def test_a_bad_offer_is_refused(part: Part, changes: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_offer(offer(part, *changes), part)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "part", "code"),
    [
        ("", "page", "not_sdp"),
        ("{}", "agent", "not_sdp"),
        ("v=0\r\n" * 20_000, "agent", "not_sdp"),
        (offer("agent"), "page", "offer_without_audio"),
        (offer("console"), "page", "bad_offer"),
        (offer("page"), "console", "bad_offer"),
        (offer("page"), "agent", "bad_offer"),
        ("v=0\r\no=- 1 1 IN IP4 0\r\n", "page", "offer_without_audio"),
        ("v=0\r\no=- 1 1 IN IP4 0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 1\r\n" * 99, "page", "bad_offer"),
    ],
)
def test_another_text_is_refused(text: str, part: Part, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_offer(text, part)
    assert refused.value.code == code


def test_a_bundle_only_m_line_has_port_zero() -> None:
    text = offer("agent").replace("m=video 9", "m=video 0").replace("m=video 0", "m=video 9", 1)
    text = text.replace("a=mid:1", "a=bundle-only\r\na=mid:1").replace("a=mid:2", "a=bundle-only\r\na=mid:2")
    assert len(read_offer(text, "agent").lines) == 3


def test_session_attributes_count_for_all_m_lines() -> None:
    rows = [row for row in offer_lines("agent") if "ice-ufrag" not in row and "fingerprint" not in row]
    rows[4:4] = ["a=ice-ufrag:Y18i", f"a=fingerprint:{FINGERPRINT}"]
    assert read_offer("\n".join(rows), "agent").ufrags == {"Y18i"}


def test_an_inactive_camera_is_answered_inactive() -> None:
    text = offer("console").replace("a=sendonly", "a=inactive")
    answer = write_answer(read_offer(text, "console"), LOCAL, [(1, 2)] * 12, 1)
    assert answer.count("a=inactive") == 3


@pytest.mark.parametrize("part", PARTS)
def test_the_answer_is_read_by_aiortc(part: Part) -> None:
    read = read_offer(offer(part), part)
    ssrcs = [(70_000 + index, 80_000 + index) for index in range(len(LINES[part]))]
    answer = SessionDescription.parse(write_answer(read, LOCAL, ssrcs, 7))
    assert answer.group[0].items == [line.mid for line in read.lines]
    for index, (media, want) in enumerate(zip(answer.media, LINES[part], strict=True)):
        assert media.ice.iceLite
        assert media.ice_candidates_complete
        assert [(c.ip, c.port) for c in media.ice_candidates] == list(LOCAL.candidates)
        assert media.ice_candidates[0].priority > media.ice_candidates[1].priority
        assert media.dtls is not None
        assert media.dtls.role == "server"
        assert media.rtcp_mux
        wide = ("transport-cc", None), ("goog-remb", None)
        uris = {extension.uri for extension in media.rtp.headerExtensions}
        if media.kind == "audio":
            assert media.fmt[:2] == [63, 111]  # what comes first is sent
            codec, around = media.rtp.codecs
            assert codec.parameters == {"minptime": 10, "useinbandfec": 1}
            assert (around.name, around.parameters) == ("red", {"111/111": None})
            wanted = [] if want.sends else [wide[0]]
        else:
            codec, again = media.rtp.codecs
            assert (again.name, again.parameters) == ("rtx", {"apt": 96})
            wanted = [("nack", None), ("nack", "pli"), ("ccm", "fir"), wide[1 if want.sends else 0]]
        assert {(f.type, f.parameter) for f in codec.rtcpFeedback} == set(wanted)
        assert (TRANSPORT_CC_URI in uris) != want.sends
        assert (MID_URI in uris) == want.sends
        if not want.sends:
            assert media.direction == "sendonly"
            pair = [70_000 + index, 80_000 + index]
            assert [info.ssrc for info in media.ssrc] == pair[: 2 if media.kind == "video" else 1]
            assert [group.items for group in media.ssrc_group] == ([pair] if media.kind == "video" else [])
        else:  # granted or not: a grant needs no new offer
            assert media.direction == "recvonly"


def test_microphone_and_face_of_a_side_share_a_stream() -> None:
    read = read_offer(offer("console"), "console")
    answer = write_answer(read, LOCAL, [(n, 100 + n) for n in range(12)], 7)
    assert "a=msid:kiosk kiosk-microphone\r\n" in answer
    assert "a=msid:kiosk kiosk-face\r\n" in answer
    assert "a=msid:kiosk-screen kiosk-screen\r\n" in answer
    assert "a=msid:slot-6 slot-6-audio\r\n" in answer


def test_repair_and_redundancy_are_taken_when_they_are_around_our_codec() -> None:
    for change in (("apt=96", "apt=102"), ("rtx/90000", "rtq/90000"), ("96 97 102", "96 102")):
        assert not any(line.repair for line in read_offer(offer("agent", change), "agent").lines)
    for change in (("111/111", "9/9"), ("a=fmtp:63 111/111\r\n", ""), ("111 63", "111")):
        assert not any(line.red for line in read_offer(offer("page", change), "page").lines)
    agent = read_offer(offer("agent"), "agent")
    assert [line.repair for line in agent.lines] == [97] * 3
    assert [line.repairs for line in agent.lines] == [((2000 + n, 1000 + n),) for n in range(3)]


def test_without_transport_feedback_a_viewer_is_answered_remb() -> None:
    read = read_offer(offer("page", ("a=rtcp-fb:96 transport-cc\r\n", "")), "page")
    face = write_answer(read, LOCAL, [(0, 0)] * 6, 7).split("m=video")[1]
    assert "a=rtcp-fb:96 goog-remb" in face
    assert "abs-send-time" in face
    assert TRANSPORT_CC_URI not in face


def test_feedback_that_was_not_offered_is_not_answered() -> None:
    read = read_offer(offer("agent", ("a=rtcp-fb:96 ccm fir\r\n", "")), "agent")
    assert "ccm fir" not in write_answer(read, LOCAL, [(0, 0)] * 3, 7)


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for prefix in ("", "v=0\r\no=x\r\nm=audio "):
        with pytest.raises(Refused):
            read_offer(prefix + text, "page")


@given(st.integers(0, 260), st.integers(0, 260), st.text(max_size=20))
def test_no_changed_row_makes_the_reader_fail(at: int, other: int, text: str) -> None:
    rows = offer_lines("console")
    at, other = at % len(rows), other % len(rows)
    rows[at] = rows[at][: len(rows[at]) // 2] + text
    rows[other], rows[at] = rows[at], rows[other]
    try:
        read_offer("\r\n".join(rows), "console")
    except Refused as refused:
        assert refused.code in ("not_sdp", "bad_offer", "no_common_codec", "offer_without_audio")
