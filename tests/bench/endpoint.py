"""One end of a media connection without codecs: a UDP socket, real ICE checks, DTLS by aiortc, SRTP sessions."""

import asyncio
import re
import secrets
import socket
from typing import Any

from aioice import stun
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80

PROFILES = {
    "gcm128": SRTP_AEAD_AES_128_GCM,
    "gcm256": SRTP_AEAD_AES_256_GCM,
    "sha1": SRTP_AES128_CM_SHA1_80,
}
SO_TIMESTAMPNS = 35
"""Linux: the kernel stamps each datagram when it arrives, so a busy reader does not count as delay."""
AUDIO_TYPE, VIDEO_TYPE = 111, 96
AUDIO_LEVEL, ABS_SEND_TIME = 1, 2


class Shim:
    """What RTCDtlsTransport needs of an ICE transport."""

    state = "completed"

    def __init__(self, sock: socket.socket, role: str) -> None:
        self.role = role
        self._socket = sock
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(256)

    async def _recv(self) -> bytes:
        return await self.waiting.get()

    async def _send(self, data: bytes) -> None:
        self._socket.send(data)


class Endpoint:
    """Publish (`sends`) or play one audio and one video stream."""

    def __init__(self, host: str, certificate: RTCCertificate, profile: str, *, sends: bool) -> None:
        self.sends = sends
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.port: int = self.socket.getsockname()[1]
        self.host = host
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.audio_ssrc, self.video_ssrc = 1 + secrets.randbits(30), 1 + secrets.randbits(30)
        self._certificate = certificate
        self._profile = PROFILES[profile]
        self._dtls: Any = None
        self._checked = asyncio.Event()
        self.tx: Any = None
        self.rx: Any = None
        self._remote_ufrag = self._remote_password = ""

    # ---- SDP ----

    def sdp(self, setup: str, offer: str = "") -> str:
        """Return our offer, or our answer to an offer with the same m-lines."""
        digest = next(f for f in self._certificate.getFingerprints() if f.algorithm == "sha-256")
        lines = _kinds(offer) if offer else [("audio", "0", AUDIO_TYPE), ("video", "1", VIDEO_TYPE)]
        rows = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        rows += ["a=group:BUNDLE " + " ".join(mid for _, mid, _ in lines), "a=msid-semantic: WMS *"]
        for kind, mid, number in lines:
            audio = kind == "audio"
            rows += [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}",
                "c=IN IP4 0.0.0.0",
                f"a=ice-ufrag:{self.ufrag}",
                f"a=ice-pwd:{self.password}",
                f"a=fingerprint:sha-256 {digest.value}",
                f"a=setup:{setup}",
                f"a=mid:{mid}",
                "a=sendonly" if self.sends else "a=recvonly",
                "a=rtcp-mux",
                f"a=rtpmap:{number} {'opus/48000/2' if audio else 'VP8/90000'}",
                f"a=candidate:1 1 udp 2130706431 {self.host} {self.port} typ host",
                "a=end-of-candidates",
            ]
            if audio:
                rows.append(f"a=extmap:{AUDIO_LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level")
            else:
                rows.append(f"a=extmap:{ABS_SEND_TIME} http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time")
                rows += [f"a=rtcp-fb:{number} {name}" for name in ("nack", "nack pli", "ccm fir", "goog-remb")]
            if self.sends:
                ssrc = self.audio_ssrc if audio else self.video_ssrc
                rows += [f"a=msid:s {kind}", f"a=ssrc:{ssrc} cname:s", f"a=ssrc:{ssrc} msid:s {kind}"]
        return "\r\n".join(rows) + "\r\n"

    # ---- connecting ----

    async def connect(self, remote: str, *, server: bool = False) -> None:
        """Check the path, nominate it and do the handshake; `remote` is the other side's SDP."""
        candidate = re.search(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host", remote, re.IGNORECASE)
        assert candidate is not None, remote
        self._remote_ufrag, self._remote_password = _value(remote, "ice-ufrag"), _value(remote, "ice-pwd")
        self.socket.connect((candidate[1], int(candidate[2])))
        shim = Shim(self.socket, "controlled" if server else "controlling")
        self._dtls = RTCDtlsTransport(shim, [self._certificate])  # type: ignore[arg-type]
        self._dtls._srtp_profiles = [self._profile]
        self._dtls._set_role("server" if server else "client")
        loop = asyncio.get_running_loop()
        loop.add_reader(self.socket.fileno(), self._read, shim)
        try:
            for _ in range(100):
                self.socket.send(self.check())
                try:
                    await asyncio.wait_for(self._checked.wait(), 0.2)
                    break
                except TimeoutError:
                    continue
            else:
                raise ConnectionError("no answer to ICE checks")
            algorithm, _, value = _value(remote, "fingerprint").partition(" ")
            fingerprint = RTCDtlsFingerprint(algorithm=algorithm, value=value.upper())
            await asyncio.wait_for(self._dtls.start(RTCDtlsParameters(fingerprints=[fingerprint])), 20)
            if self._dtls.state != "connected":
                raise ConnectionError(f"DTLS {self._dtls.state}")
        finally:
            loop.remove_reader(self.socket.fileno())
        self.tx, self.rx = self._dtls._tx_srtp, self._dtls._rx_srtp

    def check(self) -> bytes:
        """Return an ICE check that nominates this path."""
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote_ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1853824767
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._remote_password.encode())
        return bytes(message)

    def answer_check(self, data: bytes) -> None:
        """Answer the other side's own check; a lite one makes none."""
        try:
            request = stun.parse_message(data)
        except ValueError:
            return
        if request.message_class is not stun.Class.REQUEST:
            self._checked.set()
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()
        response.add_message_integrity(self.password.encode())
        self.socket.send(bytes(response))

    def _read(self, shim: Shim) -> None:
        for _ in range(64):
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            except OSError:
                continue
            if data and data[0] < 4:
                self.answer_check(data)
            elif data and 19 < data[0] < 64 and not shim.waiting.full():
                shim.waiting.put_nowait(data)

    async def close(self) -> None:
        """Say goodbye and free the port."""
        if self._dtls is not None:
            await self._dtls.stop()
        self.socket.close()


def _value(sdp: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*?)\r?$", sdp, re.MULTILINE)
    assert found is not None, name
    return found[1]


def _kinds(offer: str) -> list[tuple[str, str, int]]:
    """Return kind, mid and payload type of each m-line."""
    found = []
    for section in re.split(r"^m=", offer, flags=re.MULTILINE)[1:]:
        kind, _, _, number = section.split()[:4]
        found.append((kind, _value(section, "mid"), int(number)))
    return found
