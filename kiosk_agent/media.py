"""The face camera's way to the media worker: the agent's seam to aiortc, and the only file that knows it.

Private names of aiortc 1.16 and aioice 0.13 used here: `aioice.ice.get_host_addresses` (it never lists 127.0.0.1),
`RTCIceTransport._connection`, its `_protocols`, `_nominated`, `turn_…` and `remote_candidates`,
`StunProtocol.datagram_received`, and `aioice.turn.create_turn_endpoint` (its errors are told nowhere else).
tests/contract/test_agent_seam.py says what is expected of each.
"""

import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import aioice.ice
import aioice.stun
import aioice.turn
import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from devices.face_camera.port import Feed
from kiosk_agent.relay import Relay, choose
from signaling import wire

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
CLOCK_RATE = 90_000
"""RTP clock of video (RFC 7741 section 4.1)."""
TIME_BASE = Fraction(1, CLOCK_RATE)


class MediaError(Exception):
    """Say that an answer cannot be used."""


class CameraTrack(MediaStreamTrack):
    """The latest picture of a camera whenever the encoder is free; times only rise."""

    kind = "video"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._first: float | None = None
        self._last = -1

    async def recv(self) -> av.VideoFrame:
        picture = await self._feed.next()
        if self._first is None:
            self._first = picture.taken
        frame = av.VideoFrame.from_ndarray(picture.pixels, format="yuv420p")
        self._last = max(self._last + 1, round((picture.taken - self._first) * CLOCK_RATE))
        frame.pts, frame.time_base = self._last, TIME_BASE
        return frame

    def stop(self) -> None:
        super().stop()
        self._feed.close()


@dataclass(frozen=True, slots=True)
class Relaying:
    """The TURN servers of a call, how their certificates are checked, and whether there is no other way."""

    relays: Sequence[Relay]
    context: ssl.SSLContext
    only: bool = False


PATHS: dict[str, wire.Path] = {"udp": "relay_udp", "tcp": "relay_tcp", "tls": "relay_tls"}


class MediaConnection:
    """One offer, one answer: three sending video m-lines (face, document, screen), the last two still empty."""

    def __init__(
        self,
        feed: Feed,
        changed: Callable[[], None],
        *,
        loopback: bool = False,
        relaying: Relaying | None = None,
    ) -> None:
        """`changed` is called whenever `state` may be another; `loopback` adds 127.0.0.1 to the candidates."""
        only = relaying is not None and relaying.only
        # Without an explicit list aiortc asks a public STUN server.
        configuration = RTCConfiguration(
            iceServers=[],
            iceTransportPolicy=RTCIceTransportPolicy.RELAY if only else RTCIceTransportPolicy.ALL,
            bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        )
        self._peer = RTCPeerConnection(configuration)
        self._relaying = relaying
        self._relay: Relay | None = None
        self.trouble: dict[str, str] = {}
        """TURN server's URL → why it is of no use: what `choose` says, `credentials`, `quota` or `refused`."""
        self._track = CameraTrack(feed)
        self._loopback = loopback
        capabilities = RTCRtpSender.getCapabilities("video")
        codecs = [codec for codec in capabilities.codecs if _offered(codec.mimeType, codec.parameters)]
        for source in (self._track, "video", "video"):
            self._peer.addTransceiver(source, direction="sendonly").setCodecPreferences(codecs)
        self._peer.on("connectionstatechange", changed)

    @property
    def state(self) -> str:
        """One of new, connecting, connected, failed, closed."""
        return str(self._peer.connectionState)

    async def offer(self) -> str:
        """Gather candidates and return the offer's SDP; raises MediaError without a relay where it must be one."""
        await self._take_relay()
        failures: list[Exception] = []
        with loopback_candidates(self._loopback), allocation_errors(failures):
            await self._peer.setLocalDescription(await self._peer.createOffer())
        self._guard()
        sdp = str(self._peer.localDescription.sdp)
        if self._relay is not None and " typ relay" not in sdp:
            self.trouble[self._relay.url] = _why(failures)
        if self.trouble:
            log.warning("TURN servers of no use: %s", ", ".join(f"{url}: {why}" for url, why in self.trouble.items()))
        if self._relaying is not None and self._relaying.only and " typ relay" not in sdp:
            raise MediaError("no way through a TURN server, and no other is allowed")
        return sdp

    async def _take_relay(self) -> None:
        """Let ICE use the TURN server that can be reached; aioice takes one."""
        if self._relaying is None or not self._relaying.relays:
            return
        found = await choose(self._relaying.relays, self._relaying.context)
        self.trouble.update(found.failures)
        relay = self._relay = found.relay
        if relay is None:
            return
        ice = self._ice
        ice.turn_server = (relay.host, relay.port)
        ice.turn_username, ice.turn_password = relay.username, relay.credential
        ice.turn_transport = "udp" if relay.way == "udp" else "tcp"
        ice.turn_ssl = self._relaying.context if relay.way == "tls" else False

    @property
    def path(self) -> wire.Path | None:
        """Which way the media take; None while there is none."""
        pair = next(iter(self._ice._nominated.values()), None)
        if pair is None:
            return None
        relayed = pair.local_candidate.type == "relay" and self._relay is not None
        return PATHS[self._relay.way] if relayed and self._relay is not None else "udp"

    @property
    def _ice(self) -> Any:
        return self._peer.getTransceivers()[0].sender.transport.transport._connection

    async def answer(self, sdp: str) -> None:
        """Apply the worker's answer as it came; raises MediaError."""
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        except Exception as error:  # the parser raises whatever it stumbles over
            raise MediaError(f"{type(error).__name__}: {error}") from error

    async def received(self) -> int:
        """Return how many packets came from the worker: its reports and requests."""
        stats = await self._peer.getStats()
        return sum(entry.packetsReceived for entry in stats.values() if entry.type == "transport")

    async def close(self) -> None:
        """Stop sending; idempotent."""
        self._track.stop()
        await self._peer.close()

    def _guard(self) -> None:
        """Let only datagrams of the worker's own addresses through to DTLS and SRTP.

        aiortc ends a connection on one empty datagram, and a set-up on a stranger's ClientHello.
        """
        ice = self._ice
        for protocol in ice._protocols:
            protocol.datagram_received = _guarded(protocol.datagram_received, ice)


def _offered(name: str, parameters: Mapping[str, object]) -> bool:
    """Tell whether a room may be in a format: VP8, or H.264 in its constrained baseline (RFC 6184)."""
    if name == "video/H264":
        return str(parameters.get("profile-level-id")).startswith("42e0")
    return name in ("video/VP8", "video/rtx")


def _guarded(receive: Callable[[bytes, Any], None], ice: Any) -> Callable[[bytes, Any], None]:
    def datagram_received(data: bytes, address: Any) -> None:
        if data and any((peer.host, peer.port) == address[:2] for peer in ice.remote_candidates):
            receive(data, address)

    return datagram_received


def _why(failures: Sequence[Exception]) -> str:
    """Say in a word why a TURN server that answers gave no relay."""
    for error in failures:
        if isinstance(error, aioice.stun.TransactionFailed):
            code = error.response.error_code
            return "credentials" if code == 401 else "quota" if code == 486 else f"refused ({code})"
        if isinstance(error, ssl.SSLError):
            return "certificate"
    return "no_answer"


@contextlib.contextmanager
def allocation_errors(told: list[Exception]) -> Iterator[None]:
    """Have told why TURN servers gave nothing: ICE itself swallows it."""
    original = aioice.turn.create_turn_endpoint

    async def watched(*given: Any, **named: Any) -> Any:
        try:
            return await original(*given, **named)
        except Exception as error:
            told.append(error)
            raise

    aioice.turn.create_turn_endpoint = watched
    try:
        yield
    finally:
        aioice.turn.create_turn_endpoint = original


@contextlib.contextmanager
def loopback_candidates(wanted: bool) -> Iterator[None]:
    """Let ICE gather 127.0.0.1 as well, when wanted or when the machine has no other address."""
    original = aioice.ice.get_host_addresses

    def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        addresses = list(original(use_ipv4, use_ipv6))
        if (wanted or not addresses) and LOOPBACK not in addresses:
            addresses.append(LOOPBACK)
        return addresses

    aioice.ice.get_host_addresses = with_loopback
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = original


def only_loopback() -> bool:
    """Tell whether this machine has no address but its loopback."""
    return not aioice.ice.get_host_addresses(True, True)
