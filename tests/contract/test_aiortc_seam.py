"""What the worker relies on beyond aiortc's and pylibsrtp's public names; an upgrade fails here first."""

import asyncio
import inspect
from importlib.metadata import version

import pylibsrtp
import pytest
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from vwindow.rtp import packet, rtcp
from vwindow.sfu import srtp
from vwindow.sfu.transport import QUEUE_LIMIT, Certificate, SrtpError, Transport


def test_the_version_is_the_one_this_was_written_for() -> None:
    assert version("aiortc") == "1.16.0"


def test_names_that_the_seam_uses() -> None:
    assert inspect.iscoroutinefunction(RTCDtlsTransport.start)
    assert inspect.iscoroutinefunction(RTCDtlsTransport.stop)
    source = inspect.getsource(RTCDtlsTransport)
    for use in ("self.transport._recv()", "self.transport._send(", "self.transport.role"):
        assert use in source
    for name in ("_rx_srtp", "_tx_srtp", "_task", "def _set_role"):
        assert name in source
    others = {line for line in source.splitlines() if "self.transport." in line}
    assert all("_recv()" in line or "_send(" in line or ".role" in line for line in others)


class Client:
    """The other end: aiortc's own DTLS as client over queues."""

    role = "controlling"
    state = "completed"

    def __init__(self, certificate: RTCCertificate) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.server: Transport | None = None
        self.dtls = RTCDtlsTransport(self, [certificate])  # type: ignore[arg-type]
        self.dtls._set_role("client")

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        assert self.server is not None
        self.server.put(data)


def pair(*, wrong_digit: bool = False) -> tuple[Client, Transport, RTCDtlsParameters, list[str]]:
    own = RTCCertificate.generateCertificate()
    certificate = Certificate()
    client = Client(own)
    prints = [(f.algorithm, f.value) for f in own.getFingerprints()]
    if wrong_digit:
        name, value = prints[0]
        prints[0] = (name, value[:-1] + ("0" if value[-1] != "0" else "1"))
    ended: list[str] = []
    client.server = Transport(certificate, prints, client.inbox.put_nowait, lambda: ended.append("ended"))
    name, _, value = certificate.fingerprint.partition(" ")
    return client, client.server, RTCDtlsParameters([RTCDtlsFingerprint(name, value)]), ended


async def test_handshake_gives_srtp_sessions_that_match() -> None:
    client, server, parameters, ended = pair()
    with pytest.raises(ConnectionError):
        server.protect(b"")
    await asyncio.gather(client.dtls.start(parameters), server.connect())
    plain = packet.write(5, 96, 7, 9, True, b"picture")
    protected = server.protect(plain)
    assert client.dtls._rx_srtp.unprotect(protected) == plain
    assert server.unprotect(client.dtls._tx_srtp.protect(plain)) == plain
    assert server.protect(plain) == protected, "a resend must be the same bytes"
    with pytest.raises(SrtpError):
        server.unprotect(protected)
    await client.dtls.stop()
    for _ in range(100):
        if ended:
            break
        await asyncio.sleep(0.01)
    assert ended == ["ended"]
    await server.close()
    with pytest.raises(ConnectionError):
        server.unprotect(plain)


async def test_a_replayed_packet_is_refused() -> None:
    client, server, parameters, _ = pair()
    await asyncio.gather(client.dtls.start(parameters), server.connect())
    protected = client.dtls._tx_srtp.protect(packet.write(5, 96, 7, 9, True, b"picture"))
    server.unprotect(protected)
    with pytest.raises(SrtpError):
        server.unprotect(protected)
    with pytest.raises(ValueError):
        server.unprotect(bytes(1600))
    await asyncio.gather(server.close(), client.dtls.stop())


async def test_one_wrong_digit_in_the_fingerprint_is_refused() -> None:
    client, server, parameters, _ = pair(wrong_digit=True)
    results = await asyncio.gather(client.dtls.start(parameters), server.connect(), return_exceptions=True)
    assert isinstance(results[1], ConnectionError)
    await asyncio.gather(server.close(), client.dtls.stop())


async def test_the_queue_is_bounded_and_closing_ends_the_handshake() -> None:
    _, server, _, _ = pair()
    assert [server.put(b"\x16garbage") for _ in range(QUEUE_LIMIT + 1)] == [True] * QUEUE_LIMIT + [False]
    connecting = asyncio.create_task(server.connect())
    await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    await server.close()


def test_state_for_an_ssrc_is_made_only_by_authentic_packets() -> None:
    key = bytes(range(30))
    policy = pylibsrtp.Policy(key=key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND)
    session = pylibsrtp.Session(policy)
    for ssrc in range(2, 200):
        with pytest.raises(pylibsrtp.Error):
            session.unprotect(packet.write(ssrc, 96, 7, 9, True, bytes(40)))
        with pytest.raises(pylibsrtp.Error):  # "no such stream"
            session.remove_stream(ssrc)


def test_sessions_called_directly_do_what_their_own_methods_do() -> None:
    def session(kind: int) -> pylibsrtp.Session:
        profile = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        return pylibsrtp.Session(pylibsrtp.Policy(key=bytes(range(28)), ssrc_type=kind, srtp_profile=profile))

    out, back = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
    (protect, protect_rtcp), own = srtp.sending(session(out)), session(out)
    unprotect, unprotect_rtcp = srtp.receiving(session(back))
    for seq, size in enumerate((0, 1, 700, 1300)):
        plain = packet.write(5, 96, seq, 9, True, bytes(size))
        protected = protect(plain)
        assert protected == own.protect(plain)
        assert unprotect(protected) == plain
        with pytest.raises(SrtpError, match="replay"):
            unprotect(protected)
    report = rtcp.receiver_report(5, ())
    assert unprotect_rtcp(protect_rtcp(report)) == report
    for work, size in ((protect, 1400), (unprotect, 1501), (protect_rtcp, 1400)):
        with pytest.raises(ValueError, match="too long"):
            work(bytes(size))
    with pytest.raises(SrtpError):
        unprotect(b"\x80")
