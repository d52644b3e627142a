"""The lean loop of the load generator: frames in bursts out, packets in, delay by the stamp that each carries."""

import contextlib
import gc
import heapq
import random
import select
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from tests.bench.endpoint import ABS_SEND_TIME, AUDIO_LEVEL, AUDIO_TYPE, VIDEO_TYPE, Endpoint
from vwindow.rtp import rtcp
from vwindow.rtp.ntp import to_ntp

FRAMES_PER_SECOND = 30
PACKET_BYTES = 1150
PACED = 3
"""Packets of a browser's burst; an encoder without a pacer sends a frame at once."""
PACE_SECONDS = 0.005
AUDIO_BYTES = 120
KEYFRAME_FACTOR = 4
CACHE = 1024
ASK_AGAIN = 0.05
_HEADER = struct.Struct("!BBHII")
_STAMP = struct.Struct("!Q")
_TIMESPEC = struct.Struct("@qq")
_VIDEO_EXTENSION = b"\xbe\xde\x00\x01" + bytes((ABS_SEND_TIME << 4 | 2, 1, 2, 3))
_AUDIO_EXTENSION = b"\xbe\xde\x00\x01" + bytes((AUDIO_LEVEL << 4, 0x90, 0, 0))
# Frame tag, start code, 1280 x 720 (RFC 6386 §9.1); a delta frame has only the tag with its P bit set.
_KEY_TAG = bytes((0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02))
_DELTA_TAG = bytes((0x11, 0x02, 0x00))


@dataclass(slots=True)
class Counts:
    """What one stream received in the window."""

    received: int = 0
    first: int = -1
    highest: int = -1
    missing: dict[int, tuple[float, int]] = field(default_factory=dict)

    def begin(self) -> None:
        self.received, self.first = 0, self.highest
        self.missing.clear()


class Sender:
    """One side's camera and microphone."""

    def __init__(self, endpoint: Endpoint, bitrate: int, loss: float, paced: bool, rng: random.Random) -> None:
        self.endpoint = endpoint
        self.loss = loss
        self.rng = rng
        self._step = PACED if paced else 1000
        mean = bitrate / 8 / FRAMES_PER_SECOND
        self._sizes = [int(mean * min(2.5, max(0.3, rng.gauss(1, 0.3)))) for _ in range(257)]
        self._frame = rng.randrange(1 << 14)
        self._audio = rng.randrange(1 << 14)
        self._seq = rng.randrange(1 << 14)
        self._cache: list[bytes] = [b""] * CACHE
        self._filler = rng.randbytes(PACKET_BYTES)
        self._base = rng.randrange(1 << 30)
        self.key_wanted = True
        self.sent = 0
        self.octets = 0
        self.resent = 0
        self._protect = endpoint.tx.protect
        self._send = endpoint.socket.send

    def frame(self) -> list[tuple[int, int, int, int, bool]]:
        """Begin a frame; return its bursts as arguments of `burst`."""
        self._frame += 1
        size = self._sizes[self._frame % 257]
        key, self.key_wanted = self.key_wanted, False
        if key:
            size *= KEYFRAME_FACTOR
        count = -(-size // PACKET_BYTES)
        return [(at, min(at + self._step, count), count, size, key) for at in range(0, count, self._step)]

    def burst(self, first: int, last: int, count: int, size: int, key: bool) -> None:
        """Send packets `first` to `last` of a frame of `count` packets and `size` bytes."""
        stamp = _STAMP.pack(time.time_ns())
        picture = self._frame & 0x7FFF | 0x8000
        descriptor = bytes((0x80, 0x80)) + picture.to_bytes(2, "big")
        timestamp = (self._base + self._frame * 3000) & 0xFFFFFFFF
        out = []
        for index in range(first, last):
            seq = self._seq = self._seq + 1 & 0xFFFF
            tag = b""
            if index == 0:
                tag = _KEY_TAG if key else _DELTA_TAG
                start = b"\x90" + descriptor[1:]
            else:
                start = descriptor
            second = VIDEO_TYPE | 0x80 if index == count - 1 else VIDEO_TYPE
            head = _HEADER.pack(0x90, second, seq, timestamp, self.endpoint.video_ssrc)
            # As browsers split a frame: about equal, the first ones a byte shorter than the last.
            body = self._filler[: (size + index) // count - 12 - len(tag)]
            data = self._protect(head + _VIDEO_EXTENSION + start + tag + body + stamp)
            self._cache[seq % CACHE] = data
            if not self.loss or self.rng.random() >= self.loss:
                out.append(data)
        self.sent += last - first
        self.octets += (last - first) * (size // count)
        with contextlib.suppress(OSError):  # as lost as any other: it is counted at the other end
            for data in out:
                self._send(data)

    def voice(self) -> None:
        """Send 20 ms of sound."""
        self._audio += 1
        head = _HEADER.pack(0x90, AUDIO_TYPE, self._audio & 0xFFFF, self._audio * 960 & 0xFFFFFFFF,
                            self.endpoint.audio_ssrc)  # fmt: skip
        stamp = _STAMP.pack(time.time_ns())
        data = self._protect(head + _AUDIO_EXTENSION + b"\xfc" + self._filler[: AUDIO_BYTES - 9] + stamp)
        self.sent += 1
        if not self.loss or self.rng.random() >= self.loss:
            with contextlib.suppress(OSError):
                self._send(data)

    def report(self, wall: float) -> None:
        """Send the sender reports of this second."""
        ntp = to_ntp(wall)
        video = rtcp.sender_report(
            self.endpoint.video_ssrc, ntp, self._base + self._frame * 3000, self.sent, self.octets
        )
        audio = rtcp.sender_report(
            self.endpoint.audio_ssrc, ntp, self._audio * 960 & 0xFFFFFFFF, self._audio, self._audio
        )
        names = rtcp.source_names([(self.endpoint.video_ssrc, "s"), (self.endpoint.audio_ssrc, "s")])
        self.endpoint.socket.send(self.endpoint.tx.protect_rtcp(video + audio + names))

    def take_rtcp(self, data: bytes) -> None:
        """Act on what the server asks for."""
        for report in rtcp.parse(data):
            if isinstance(report, rtcp.KeyframeRequest):
                self.key_wanted = True
            elif isinstance(report, rtcp.Nack) and report.ssrc == self.endpoint.video_ssrc:
                for seq in report.numbers:
                    if cached := self._cache[seq % CACHE]:
                        self.resent += 1
                        if not self.loss or self.rng.random() >= self.loss:
                            self._send(cached)


class Receiver:
    """One side's screen and loudspeaker."""

    def __init__(self, endpoint: Endpoint, loss: float, every: int, rng: random.Random) -> None:
        self.endpoint = endpoint
        self.loss = loss
        self.rng = rng
        self.every = every
        self.video, self.audio = Counts(), Counts()
        self.delays: list[int] = []
        self.datagrams = 0
        self._video_ssrc = 0
        self._unprotect = endpoint.rx.unprotect
        self._error: type[Exception] = Exception

    def begin(self) -> None:
        """Start the window."""
        self.video.begin()
        self.audio.begin()
        self.delays.clear()
        self.datagrams = 0

    def take(self, data: bytes, arrived: int, now: float) -> None:
        """Take an SRTP packet that the kernel saw at `arrived` Unix nanoseconds."""
        self.datagrams += 1
        if self.loss and self.rng.random() < self.loss:
            return
        video = data[1] & 127 != AUDIO_TYPE
        counts = self.video if video else self.audio
        seq = data[2] << 8 | data[3]
        highest = counts.highest
        if highest < 0:
            counts.highest = counts.first = 0x10000 + seq
            counts.received = 0
            if video:
                self._video_ssrc = int.from_bytes(data[8:12], "big")
            return
        ahead = (seq - highest) & 0xFFFF
        if ahead < 0x8000:
            if ahead == 0:
                return
            if ahead > 1 and ahead < 500:
                for number in range(highest + 1, highest + ahead):
                    counts.missing[number] = (now, 0)
                if video:
                    self.ask(now)
            counts.highest = highest + ahead
        elif counts.missing.pop(highest + ahead - 0x10000, None) is None:
            return
        counts.received += 1
        if not video or seq % self.every == 0:
            try:
                plain = self._unprotect(data)
            except Exception:  # noqa: BLE001  a repeat, or a number far from the last one that was decrypted
                return
            self.delays.append(arrived - _STAMP.unpack_from(plain, len(plain) - 8)[0])

    def ask(self, now: float) -> None:
        """Ask for what is missing, each packet up to five times."""
        missing, wanted = self.video.missing, []
        for number, (due, tries) in list(missing.items()):
            if tries < 5 and due <= now:
                missing[number] = (now + ASK_AGAIN, tries + 1)
                wanted.append(number & 0xFFFF)
        if wanted:
            self._send_rtcp(rtcp.receiver_report(7, ()) + rtcp.nack(7, self._video_ssrc, wanted))

    def report(self) -> None:
        """Send the receiver report of this second."""
        block = rtcp.ReportBlock(self._video_ssrc, 0, 0, max(0, self.video.highest), 10, 0, 0)
        self._send_rtcp(rtcp.receiver_report(7, [block]) + rtcp.source_names([(7, "r")]))

    def ask_keyframe(self) -> None:
        """Ask for a picture to begin with."""
        if self._video_ssrc:
            self._send_rtcp(rtcp.receiver_report(7, ()) + rtcp.picture_loss(7, self._video_ssrc))

    def _send_rtcp(self, data: bytes) -> None:
        self.endpoint.socket.send(self.endpoint.tx.protect_rtcp(data))


class Load:
    """Drive all senders and receivers of this process in one thread."""

    def __init__(self, senders: list[Sender], receivers: list[Receiver], rng: random.Random) -> None:
        self._senders = senders
        self._receivers = receivers
        self._rng = rng
        self._poll = select.epoll()
        self._by_fd: dict[int, tuple[Any, Sender | None, Receiver | None]] = {}
        for sender in senders:
            self._by_fd[sender.endpoint.socket.fileno()] = (sender.endpoint.socket.recvmsg, sender, None)
        for receiver in receivers:
            self._by_fd[receiver.endpoint.socket.fileno()] = (receiver.endpoint.socket.recvmsg, None, receiver)
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)
        self._due: list[tuple[float, int, Any, tuple[Any, ...]]] = []
        self._count = 0
        self.late = 0.0

    def run(self, begin: float, end: float) -> None:
        """Run until monotonic `end`; counts and delays are those from `begin` on."""
        now = time.monotonic()
        for sender in self._senders:
            self._at(now + self._rng.random() / FRAMES_PER_SECOND, self._frame, sender)
            self._at(now + self._rng.random() / 50, self._voice, sender)
            self._at(now + self._rng.random(), self._second, sender)
        for receiver in self._receivers:
            self._at(now + self._rng.random(), self._second, receiver)
        self._at(begin, self._begin)
        gc.collect()
        gc.disable()
        try:
            while now < end:
                for fd, _ in self._poll.poll(max(0.0, self._due[0][0] - time.monotonic())):
                    self._drain(*self._by_fd[fd])
                now = time.monotonic()
                while self._due[0][0] <= now:
                    due, _, work, given = heapq.heappop(self._due)
                    if due >= begin:
                        self.late = max(self.late, now - due)
                    work(due, *given)
        finally:
            gc.enable()

    def _at(self, due: float, work: Any, *given: Any) -> None:
        self._count += 1
        heapq.heappush(self._due, (due, self._count, work, given))

    def _begin(self, due: float) -> None:
        for receiver in self._receivers:
            receiver.begin()
        for sender in self._senders:
            sender.sent = 0

    def _frame(self, due: float, sender: Sender) -> None:
        first, *others = sender.frame()
        sender.burst(*first)
        for number, burst in enumerate(others, 1):
            # A keyframe is sent faster than the next frame comes, as a pacer would.
            self._at(due + min(number * PACE_SECONDS, 0.03), self._burst, sender, burst)
        self._at(due + 1 / FRAMES_PER_SECOND, self._frame, sender)

    def _burst(self, due: float, sender: Sender, burst: tuple[int, int, int, int, bool]) -> None:
        sender.burst(*burst)

    def _voice(self, due: float, sender: Sender) -> None:
        sender.voice()
        self._at(due + 0.02, self._voice, sender)

    def _second(self, due: float, owner: Sender | Receiver) -> None:
        if isinstance(owner, Sender):
            owner.report(time.time())
        else:
            owner.report()
            if owner.video.highest < 0:
                owner.ask_keyframe()
        if self._rng.random() < 0.25:
            owner.endpoint.socket.send(owner.endpoint.check())
        self._at(due + 1, self._second, owner)

    def _drain(self, receive: Any, sender: Sender | None, receiver: Receiver | None) -> None:
        now = time.monotonic()
        for _ in range(32):
            try:
                data, notes, _, _ = receive(2048, 64)
            except BlockingIOError:
                return
            except OSError:
                continue
            first = data[0] if data else 0
            if 127 < first < 192:
                if 192 <= data[1] <= 223:
                    if sender is not None:
                        with contextlib.suppress(Exception):  # a stray datagram is nobody's trouble here
                            sender.take_rtcp(sender.endpoint.rx.unprotect_rtcp(data))
                elif receiver is not None:
                    seconds, nanoseconds = _TIMESPEC.unpack_from(notes[0][2])
                    receiver.take(data, seconds * 1_000_000_000 + nanoseconds, now)
            elif first < 4:
                owner = sender or receiver
                assert owner is not None
                owner.endpoint.answer_check(data)
        if receiver is not None and receiver.video.missing:
            receiver.ask(now)
