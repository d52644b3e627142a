"""A peer of one UDP socket that does ICE, DTLS and SRTP by itself, so that a test can do each of them wrongly."""

import asyncio
import contextlib
import re
import socket
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc import RTCCertificate
from OpenSSL import SSL

from tests.fakes.control_client import ControlClient
from tests.fakes.offers import FINGERPRINT, offer
from vwindow.rtp import packet
from vwindow.sfu.control import AnswerOffer, Reply
from vwindow.sfu.slots import Part

UFRAG = "Y18i"
"""What every offer of `offers.offer` says."""
GOOD_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256"
GOOD_PROFILES = b"SRTP_AEAD_AES_128_GCM"
_PROFILES = {
    b"SRTP_AEAD_AES_256_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    b"SRTP_AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    b"SRTP_AES128_CM_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}


class RawPeer:
    """Speak to one UDP port of a worker; m-line n of its offer has mid n and SSRC 1000 + n."""

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        ciphers: bytes = GOOD_CIPHERS,
        profiles: bytes = GOOD_PROFILES,
        newest: int = 0,
    ) -> None:
        """Offer no DTLS version above `newest` (as on the wire; 0: all)."""
        self._to = (host, port)
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.certificate = RTCCertificate.generateCertificate()
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.use_certificate(self.certificate._cert)
        context.use_privatekey(self.certificate._key)
        context.set_cipher_list(ciphers)
        context.set_tlsext_use_srtp(profiles)
        context.set_max_proto_version(newest)
        self.dtls = SSL.Connection(context)
        self.dtls.set_connect_state()
        self.reply = Reply(id=0)
        self.username = ""
        self.password = b""
        self._keys: tuple[pylibsrtp.Session, pylibsrtp.Session] | None = None

    @property
    def fingerprint(self) -> str:
        """Return digest name and value as in a=fingerprint."""
        found = next(f for f in self.certificate.getFingerprints() if f.algorithm == "sha-256")
        return f"{found.algorithm} {found.value}"

    def offer(self, part: Part) -> str:
        return offer(part, (FINGERPRINT, self.fingerprint))

    async def join(self, client: ControlClient, part: Part, room: str = "r", *, sdp: str = "") -> None:
        """Make an offer and take the worker's credentials from the answer."""
        self.reply = await client.ask(AnswerOffer(room=room, part=part, sdp=sdp or self.offer(part)))
        assert not self.reply.code, self.reply
        self.username, self.password = credentials(self.reply.sdp)

    async def connect(self, client: ControlClient, part: Part, room: str = "r", *, sdp: str = "") -> None:
        """Join, open the path and make keys; raises ConnectionError when the worker does not want them."""
        await self.join(client, part, room, sdp=sdp)
        assert await self.check()
        await self.handshake()

    # ---- datagrams ----

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self._to)

    async def receive(self, seconds: float) -> bytes | None:
        """Return the next datagram, None after `seconds` without one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().sock_recv(self.socket, 2048)
        return None

    async def check(self, *, nominate: bool = True, seconds: float = 2.0, **changes: Any) -> bool:
        """Send one check; tell whether it was answered."""
        self.send(binding_request(self.username, changes.get("password", self.password), nominate=nominate))
        while data := await self.receive(seconds):
            if data[0] == 1 and data[1] == 1:
                return True
        return False

    # ---- keys ----

    def hello(self) -> bytes:
        """Return a ClientHello; nothing of it is remembered by a later handshake of another peer."""
        with contextlib.suppress(SSL.WantReadError):
            self.dtls.do_handshake()
        return self.dtls.bio_read(1500)

    async def handshake(self, seconds: float = 3.0) -> None:
        """Make keys; raises ConnectionError when that fails or is not answered."""
        async with asyncio.timeout(10):
            while True:
                try:
                    self.dtls.do_handshake()
                except SSL.WantReadError:
                    self._flush()
                    data = await self.receive(seconds)
                    if data is None:
                        raise ConnectionError("no answer") from None
                    if 19 < data[0] < 64:
                        self.dtls.bio_write(data)
                except SSL.Error as error:
                    raise ConnectionError(str(error)) from error
                else:
                    self._flush()
                    break
        profile, key, salt = _PROFILES[self.dtls.get_selected_srtp_profile()]
        view = self.dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        ours = view[:key] + view[2 * key : 2 * key + salt]
        theirs = view[key : 2 * key] + view[2 * key + salt :]
        out = pylibsrtp.Policy(key=ours, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        back = pylibsrtp.Policy(key=theirs, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        out.window_size = back.window_size = 1024
        out.allow_repeat_tx = True
        self._keys = pylibsrtp.Session(out), pylibsrtp.Session(back)

    def _flush(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            while data := self.dtls.bio_read(1500):
                self.send(data)

    # ---- media ----

    def rtp(self, ssrc: int, seq: int, payload: bytes, *, payload_type: int = 96, timestamp: int = 0) -> bytes:
        """Return a protected media packet."""
        assert self._keys is not None
        return self._keys[0].protect(packet.write(ssrc, payload_type, seq, timestamp, True, payload))

    def rtcp(self, compound: bytes) -> bytes:
        """Return a protected compound."""
        assert self._keys is not None
        return self._keys[0].protect_rtcp(compound)

    async def heard(self, ssrc: int, seconds: float = 3.0) -> bytes:
        """Return the next media packet of our slot `ssrc`, decrypted, without extensions; raises TimeoutError."""
        assert self._keys is not None
        async with asyncio.timeout(seconds):
            while True:
                data = await self.receive(seconds)
                if data is None:
                    raise TimeoutError
                if 127 < data[0] < 192 and not 192 <= data[1] <= 223 and int.from_bytes(data[8:12], "big") == ssrc:
                    plain = self._keys[1].unprotect(data)
                    start, end = packet.payload_span(plain)
                    return b"\x80" + plain[1:12] + plain[start:end]

    def close(self) -> None:
        self.socket.close()


class RawTcpPeer(RawPeer):
    """The same over one TCP connection (RFC 6544, RFC 4571); `dial` before anything else."""

    async def dial(self) -> None:
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self._inbox = b""
        await asyncio.get_running_loop().sock_connect(self.socket, self._to)

    def send(self, data: bytes) -> None:
        frame = len(data).to_bytes(2, "big") + data
        assert self.socket.send(frame) == len(frame)

    async def receive(self, seconds: float) -> bytes | None:
        """Return the next frame, None after `seconds` without one; raises ConnectionError at the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._inbox) < 2 or len(self._inbox) < 2 + int.from_bytes(self._inbox[:2], "big"):
                    data = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
                    if not data:
                        raise ConnectionResetError
                    self._inbox += data
                size = int.from_bytes(self._inbox[:2], "big")
                frame, self._inbox = self._inbox[2 : 2 + size], self._inbox[2 + size :]
                return frame
        return None


def credentials(answer: str) -> tuple[str, bytes]:
    """Return "ours:theirs" and the password that a check of this answer's peer needs."""
    ufrag = re.search(r"a=ice-ufrag:(\S+)", answer)
    password = re.search(r"a=ice-pwd:(\S+)", answer)
    assert ufrag and password
    return f"{ufrag[1]}:{UFRAG}", password[1].encode()


def binding_request(username: str, password: bytes, *, nominate: bool = True) -> bytes:
    """Write a check with aioice's own messages."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 12345
    message.attributes["ICE-CONTROLLING"] = 99
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password)
    return bytes(message)
