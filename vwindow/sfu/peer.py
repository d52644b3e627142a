"""One participant's media connection: where it is, its keys, what it sends and what it is shown."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from vwindow.ice.book import Address, Binding
from vwindow.rtp.packet import HEADER_BYTES
from vwindow.sfu.counters import Counters
from vwindow.sfu.downlink import Downlink
from vwindow.sfu.egress import Egress, Outlet
from vwindow.sfu.feedback import Feedback
from vwindow.sfu.ingest import Ingest
from vwindow.sfu.intake import Intake, Taker
from vwindow.sfu.ports import LocalPort
from vwindow.sfu.sdp import Offer
from vwindow.sfu.seat import SlotStart
from vwindow.sfu.shares import Shares
from vwindow.sfu.slots import format_of
from vwindow.sfu.transport import Certificate, SrtpError

MAX_SSRCS = 16
"""Senders in one association, of media and of reports; SRTP keeps state for each for good."""
BROWSERS = frozenset({"console", "guest"})
"""Parts that send several pictures and count a REMB for all of them."""
UNPROVEN_PACKETS = 10
"""Media packets to a new path before an authenticated packet has come from there."""
PER_PACKET = 68
"""Bytes that a packet has on the wire beside its payload: IPv4, UDP, RTP with extensions, the tag of SRTP."""
SILENT_AFTER = 3.0
GONE_AFTER = 30.0

State = Literal["pending", "up", "silent", "closed"]


class Peer:
    """Receive and send for one part of a room; all but `connect` and `close` run in the reader callback."""

    def __init__(
        self,
        offer: Offer,
        credentials: tuple[str, str],
        certificate: Certificate,
        counters: Counters,
        on_path: Callable[["Peer"], None],
        now: float,
    ) -> None:
        self.offer = offer
        self.part = offer.part
        self.state: State = "pending"
        self.binding: Binding[Peer] = Binding(self, credentials[0], credentials[1].encode(), offer.ufrags, heard=now)
        self.former: Binding[Peer] | None = None
        """The binding before an ICE restart; counts until a check came by the new one."""
        self.ended = False
        """Whether the peer said goodbye: its keys are gone for good."""
        self.phase = 0
        """Which tenth of a second its reports leave in; set by the room."""
        self._on_path = on_path
        self._counters = counters
        self._counts = counters.values
        self._transport = certificate.associate(offer.fingerprints, self.send, self._on_ended)
        self._port: LocalPort | None = None
        self._address: Address = ()
        self._credit = -1
        self._connecting: asyncio.Task[None] | None = None
        self._ssrcs: set[int] = set()
        """Whom SRTP keeps state for: senders of authentic packets, media and reports alike."""
        self._intake = Intake(offer, {}, self.send_rtcp, 0, self._note_shut)
        self._inputs: Mapping[int, Taker] = {}
        self._feedback: Feedback | None = None
        self._wall = 0.0
        self._padded = 0
        self._shares = Shares()
        self.egresses: Sequence[Egress] = ()
        self.downlink = Downlink(offer)

    # ---- path and keys ----

    def move(self, port: LocalPort, address: Address) -> None:
        """Send to another address from now on; media waits there for a sign of life after 10 packets."""
        self._port, self._address = port, address
        self._on_path(self)
        if self.state != "pending":
            self._counts["moves"] += 1
            self._credit = UNPROVEN_PACKETS

    def continues(self, offer: Offer) -> bool:
        """Tell whether an offer is this peer's ICE restart: same certificate, same m-lines, keys still good."""
        same = offer.fingerprints == self.offer.fingerprints and offer.lines == self.offer.lines
        return same and not self.ended

    def restart(self, offer: Offer, credentials: tuple[str, str]) -> None:
        """Take an ICE restart (RFC 8445 §9): new credentials, the same keys, slots and sources."""
        self.former = self.binding
        self.binding = Binding(self, credentials[0], credentials[1].encode(), offer.ufrags, heard=self.former.heard)

    @property
    def connecting(self) -> bool:
        """Tell whether the handshake has begun."""
        return self._connecting is not None

    def connect(self, start: Callable[..., asyncio.Task[None]], done: Callable[["Peer", bool], None]) -> None:
        """Begin the handshake as a task made by `start`; `done(peer, success)` is called in it."""

        async def handshake() -> None:
            try:
                await self._transport.connect()
            except ConnectionError:
                self._counts["handshakes_failed"] += 1
                done(self, False)
            except Exception as error:  # noqa: BLE001  edge: what a peer sends must not end more than itself
                self._counters.error("handshake", error)
                done(self, False)
            else:
                done(self, True)

        self._connecting = start(handshake(), f"dtls-{self.part}")

    def open(
        self,
        feeds: Mapping[int, Ingest],
        slots: Sequence[SlotStart],
        bitrate: int,
        wall: float,
    ) -> None:
        """Let media through: the source of each granted m-line, and slots.

        `bitrate` in bit/s for each video source; `wall` turns monotonic seconds into Unix seconds.
        """
        self.state = "up"
        self._wall = wall
        ceiling = 2 * bitrate * max(1, sum(line.sends for line in self.offer.table))
        self._intake = Intake(self.offer, feeds, self.send_rtcp, ceiling, self._note_shut)
        self._inputs = self._intake.inputs
        self.egresses = tuple(self._egress(slot) for slot in slots)
        self._feedback = Feedback(
            self._intake,
            self.egresses,
            self.downlink,
            bitrate,
            summed=self.part != "agent",
            send=self.send_rtcp,
        )

    def feed(self, index: int, source: Ingest | None) -> None:
        """Let what the peer sends on an m-line reach a source from now on, or nobody."""
        self._intake.feed(index, source)

    def _note_shut(self) -> None:
        self._counts["ungranted"] += 1

    def _egress(self, slot: SlotStart) -> Egress:
        line = self.offer.lines[slot.line]
        outlet = Outlet(self._transport.protect, self.send, self.downlink.stamps(line))
        return Egress(slot, line, format_of(line.kind, line.video), outlet)

    # ---- packets ----

    def send(self, data: bytes) -> None:
        """Send protected bytes to where the peer is; dropped while that is not known or not proven."""
        credit = self._credit
        if credit >= 0:
            if credit == 0:
                self._counts["unproven_dropped"] += 1
                return
            self._credit = credit - 1
        port = self._port
        if port is not None:
            port.send(data, self._address)

    def send_rtcp(self, compound: bytes) -> None:
        """Protect and send a compound; dropped without keys."""
        if self.state in ("up", "silent"):
            try:
                self.send(self._transport.protect_rtcp(compound))
            except (SrtpError, ValueError, ConnectionError) as error:
                self._counters.error("send_rtcp", error)

    def take_dtls(self, data: bytes) -> bool:
        """Take a DTLS datagram; False when too many wait and it was dropped."""
        return self._transport.put(data)

    def take_media(self, data: bytes, port: LocalPort, address: Address, now: float) -> None:
        """Take an SRTP or SRTCP packet from an allowed address."""
        feedback = self._feedback
        if feedback is None or len(data) < HEADER_BYTES:
            self._counts["early_or_short"] += 1
            return
        second = data[1]
        try:
            if 192 <= second <= 223:
                sender = int.from_bytes(data[4:8], "big")
                if sender not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
                    self._counts["unrouted"] += 1
                    return
                plain = self._transport.unprotect_rtcp(data)
                self._ssrcs.add(sender)
                self._heard(port, address, now)
                feedback.take(plain, now, now + self._wall)
                return
            ssrc = int.from_bytes(data[8:12], "big")
            stream = self._inputs.get(ssrc)
            if stream is None:
                stream = self._admit(data, ssrc)
                if stream is None:
                    self._counts["unrouted"] += 1
                    return
                plain = self._transport.unprotect(data)
                self._intake.keep(ssrc, data, stream)
                self._ssrcs.add(ssrc)
            elif second & 127 not in stream.payload_types:
                self._counts["unrouted"] += 1
                return
            else:
                plain = self._transport.unprotect(data)
        except (SrtpError, ConnectionError, ValueError):
            self._counts["unauthentic"] += 1
            return
        self._heard(port, address, now)
        self._counts["packets"] += 1
        try:
            stream.take(plain, now, feedback.round_trip)
        except ValueError:
            self._counts["malformed"] += 1

    def _heard(self, port: LocalPort, address: Address, now: float) -> None:
        self.binding.heard = now
        if self._credit >= 0 and address == self._address and port is self._port:
            self._credit = -1

    def _admit(self, data: bytes, ssrc: int) -> Taker | None:
        """Make what takes a new SSRC, None when it belongs to no m-line or there are too many."""
        if len(self._ssrcs) >= MAX_SSRCS and ssrc not in self._ssrcs:
            return None
        return self._intake.admit(data, ssrc)

    def report(self, now: float) -> None:
        """Send the reports of this second."""
        if self._feedback is not None and self.state in ("up", "silent"):
            self._feedback.report(now, now + self._wall)

    def retarget(self, targets: Mapping[str, int], used: Mapping[str, float]) -> None:
        """Take the bit/s that each source of the room may send with, and what it sends."""
        if self._feedback is not None:
            self._feedback.retarget(targets, used)

    def shares(self, now: float) -> dict[str, int]:
        """Return the bit/s of each picture of a browser when they are to be told now, else nothing."""
        if self._feedback is None or self.part not in BROWSERS:
            return {}
        return self._shares.due(self._feedback.shares, now)

    def probe(self, now: float) -> bool:
        """Load the path to find out whether it carries what pauses; tell whether that is needed now."""
        if not self.downlink.need and not self.downlink.probing:
            return False
        sent = sum(each.octets + each.packets * PER_PACKET for each in self.egresses) + self._padded
        octets = self.downlink.padding(now, sent)
        for egress in self.egresses:
            if octets > 0:
                padded = egress.pad(octets, now)
                octets -= padded
                self._padded += padded
        return self.downlink.probing

    # ---- end ----

    def _on_ended(self) -> None:
        # The peer said goodbye: it is silent from now on, not only after 3 s.
        self.ended = True
        self.binding.heard -= SILENT_AFTER
        self._port = None

    def release(self) -> None:
        """Leave all sources and slots at once; what comes after this goes nowhere."""
        self.state = "closed"
        self._intake.release()
        self._feedback = None
        for egress in self.egresses:
            egress.close()

    async def close(self) -> None:
        """End the handshake or say goodbye, and forget the keys."""
        self.release()
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        try:
            await self._transport.close()
        except Exception as error:  # noqa: BLE001  edge: a broken peer must not stop the room from closing
            self._counters.error("close", error)
