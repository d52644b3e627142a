"""Offers as a browser and as the kiosk's agent write them, cut down to what matters."""

from vwindow.sfu.slots import LINES, Part

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)


def offer_lines(part: Part) -> list[str]:
    """Return the rows of a good offer; m-line n has mid n, SSRC 1000 + n and, for video, its repair 2000 + n."""
    table = LINES[part]
    rows = ["v=0", "o=- 42 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    rows.append("a=group:BUNDLE " + " ".join(str(index) for index in range(len(table))))
    rows += ["a=extmap-allow-mixed", "a=msid-semantic: WMS"]
    for index, line in enumerate(table):
        types = "111 63 9 0 8" if line.kind == "audio" else "96 97 102 103 104 105"
        rows += [
            f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {types}",
            "c=IN IP4 0.0.0.0",
            "a=rtcp:9 IN IP4 0.0.0.0",
            "a=ice-ufrag:Y18i",
            "a=ice-pwd:hk44whLIL/uV+x+qz9geE4cE",
            "a=ice-options:trickle",
            f"a=fingerprint:{FINGERPRINT}",
            "a=setup:actpass",
            f"a=mid:{index}",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            "a=sendonly" if line.sends else "a=recvonly",
            "a=rtcp-mux",
            "a=rtcp-rsize",
        ]
        if line.kind == "audio":
            rows += [
                "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
                "a=rtpmap:111 opus/48000/2",
                "a=fmtp:111 minptime=10;useinbandfec=1",
                "a=rtcp-fb:111 transport-cc",
                "a=rtpmap:63 red/48000/2",
                "a=fmtp:63 111/111",
                "a=rtpmap:0 PCMU/8000",
            ]
        else:
            rows += [
                "a=rtpmap:96 VP8/90000",
                "a=rtcp-fb:96 goog-remb",
                "a=rtcp-fb:96 transport-cc",
                "a=rtcp-fb:96 ccm fir",
                "a=rtcp-fb:96 nack",
                "a=rtcp-fb:96 nack pli",
                "a=rtpmap:97 rtx/90000",
                "a=fmtp:97 apt=96",
                "a=extmap:6 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
                "a=rtpmap:102 H264/90000",
                "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
                "a=rtpmap:103 H264/90000",
                *(f"a=rtcp-fb:103 {name}" for name in ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")),
                "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
                "a=rtpmap:104 rtx/90000",
                "a=fmtp:104 apt=103",
                "a=rtpmap:105 H264/90000",
                "a=fmtp:105 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f",
            ]
        if line.sends:
            if line.kind == "video":
                rows.append(f"a=ssrc-group:FID {1000 + index} {2000 + index}")
                rows.append(f"a=ssrc:{2000 + index} cname:x")
            rows.append(f"a=ssrc:{1000 + index} cname:x")
    return rows


def offer(part: Part, *changes: tuple[str, str]) -> str:
    """Return a good offer with parts of its text replaced."""
    text = "\r\n".join(offer_lines(part)) + "\r\n"
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text
