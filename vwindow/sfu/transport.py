"""DTLS by aiortc over a shim with the shape of its ICE transport; SRTP by the sessions that it makes.

The only file of the server that imports aiortc. What it relies on beyond aiortc's public names is
pinned by tests/contract/test_aiortc_seam.py.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport

from vwindow.sfu import srtp
from vwindow.sfu.srtp import SrtpError

__all__ = ["Certificate", "SrtpError", "Transport"]
QUEUE_LIMIT = 32
"""Waiting DTLS datagrams; more are dropped, DTLS sends its flights again."""


DTLS_1_2 = 0xFEFD
CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
"""Of DTLS 1.2: what authenticates as it encrypts, with new keys each time (RFC 8827 §6.5, RFC 9325 §4.2)."""


class _StrictCertificate(RTCCertificate):
    """aiortc's certificate without the CBC suites that its contexts would also take."""

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_min_proto_version(DTLS_1_2)
        context.set_cipher_list(CIPHERS)
        return context


class Certificate:
    """The one certificate of a worker process; its key never leaves memory."""

    def __init__(self) -> None:
        self.inner = _StrictCertificate.generateCertificate()

    @property
    def fingerprint(self) -> str:
        """Return digest name and value as in a=fingerprint."""
        found = next(f for f in self.inner.getFingerprints() if f.algorithm == "sha-256")
        return f"{found.algorithm} {found.value}"

    def associate(
        self, fingerprints: Sequence[tuple[str, str]], send: Callable[[bytes], None], ended: Callable[[], None]
    ) -> "Transport":
        """Return a new association, DTLS server, with the peer of these fingerprints.

        `ended` is called once when the peer says goodbye.
        """
        return Transport(self, fingerprints, send, ended)


class _Shim:
    """What RTCDtlsTransport needs of an ICE transport."""

    role = "controlled"
    state = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_LIMIT)

    async def _recv(self) -> bytes:
        return await self._waiting.get()

    async def _send(self, data: bytes) -> None:
        self._send_now(data)

    def put(self, data: bytes) -> bool:
        try:
            self._waiting.put_nowait(data)
        except asyncio.QueueFull:
            return False
        return True


def _not_ready(data: bytes) -> bytes:
    raise ConnectionError("no keys yet")


class Transport:
    """One peer's DTLS association and SRTP sessions."""

    def __init__(
        self,
        certificate: Certificate,
        fingerprints: Sequence[tuple[str, str]],
        send: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._shim = _Shim(send)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._shim), [certificate.inner])
        self._dtls._set_role("server")
        self._remote = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=name, value=value) for name, value in fingerprints]
        )
        self._ended = ended
        self._closing = False
        self.protect: Callable[[bytes], bytes] = _not_ready
        self.unprotect: Callable[[bytes], bytes] = _not_ready
        self.protect_rtcp: Callable[[bytes], bytes] = _not_ready
        self.unprotect_rtcp: Callable[[bytes], bytes] = _not_ready

    def put(self, data: bytes) -> bool:
        """Give a DTLS datagram (first byte 20 to 63); False when the queue is full and it was dropped."""
        return self._shim.put(data)

    async def connect(self) -> None:
        """Do the handshake and check the fingerprint; raises ConnectionError."""
        await self._dtls.start(self._remote)
        if self._dtls.state != "connected":
            raise ConnectionError(f"DTLS {self._dtls.state}")
        self.unprotect, self.unprotect_rtcp = srtp.receiving(self._dtls._rx_srtp)
        self.protect, self.protect_rtcp = srtp.sending(self._dtls._tx_srtp)
        cast(Any, self._dtls).on("statechange", self._changed)

    def _changed(self) -> None:
        if self._dtls.state == "closed" and not self._closing:
            self._ended()

    async def close(self) -> None:
        """Say goodbye (close_notify) and end aiortc's reading task; idempotent."""
        self._closing = True
        reading = self._dtls._task
        await self._dtls.stop()
        if reading is not None:
            await asyncio.gather(reading, return_exceptions=True)
        self.protect = self.unprotect = self.protect_rtcp = self.unprotect_rtcp = _not_ready
