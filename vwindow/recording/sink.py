"""The recorder's end of a source: a small record per packet into a bounded backlog."""

import struct
from collections import deque
from collections.abc import Callable

from vwindow.recording.block import BLOCK_BYTES
from vwindow.recording.record import pack_anchor, pack_packet
from vwindow.sfu.ports import Anchor, Format, Packet

VIDEO_LIMIT_BYTES = 8 * 1024 * 1024
AUDIO_LIMIT_BYTES = 10 * 1024 * 1024
"""Of all sources of a recording together; the difference is kept free for voices."""


LATE_SECONDS = 0.3
"""After a pause: what comes so early may have been made within it."""
REPAIR_SECONDS = 5.0
"""After a pause: until then a packet that was made within it may still be sent again."""


class Backlog:
    """Hold records between the event loop (puts) and the writer thread (takes); no lock.

    Each counter has one writer, and `deque.append` and `popleft` are atomic, so neither side ever waits.
    """

    __slots__ = (
        "_records",
        "_taken",
        "_wake",
        "_woken_at",
        "closed",
        "dropped_audio",
        "dropped_video",
        "paused",
        "put",
        "resumed_at",
    )

    def __init__(self, wake: Callable[[], None]) -> None:
        # The bytes are what bounds it: a record is never empty, so this length is never reached.
        self._records: deque[bytes] = deque(maxlen=AUDIO_LIMIT_BYTES)
        self._wake = wake
        self._taken = 0
        self._woken_at = 0
        self.put = 0
        self.closed = False
        self.paused = False
        self.resumed_at = float("-inf")
        self.dropped_video = 0
        self.dropped_audio = 0

    @property
    def waiting(self) -> int:
        """Return the bytes that were put and not yet taken."""
        return self.put - self._taken

    def append(self, record: bytes) -> None:
        """Put one record; wake the writer once per block."""
        self._records.append(record)
        self.put += len(record)
        if self.put - self._woken_at >= BLOCK_BYTES:
            self._woken_at = self.put
            self._wake()

    def take(self, limit: int) -> list[bytes]:
        """Take whole records until `limit` bytes are reached; called by the writer thread only."""
        taken: list[bytes] = []
        size = 0
        while size < limit and self._records:
            record = self._records.popleft()
            taken.append(record)
            size += len(record)
        self._taken += size
        return taken


class JournalSink:
    """Write a source's packets to a recording.

    When the backlog is full, video is dropped from there to the next keyframe (what lies between could not be
    decoded), and voice only when its reserve is used up as well.
    """

    __slots__ = ("_backlog", "_closed", "_secret", "_skipping", "_track", "_video", "_vp8")

    def __init__(self, backlog: Backlog, track: int, form: Format) -> None:
        self._backlog = backlog
        self._track = track
        self._video = form.kind == "video"
        self._vp8 = form.codec == "vp8"
        self._skipping = False
        self._secret: int | None = None
        self._closed = False

    def write(self, packet: Packet) -> None:
        """Put a packet on its way to disk; never wait, never raise."""
        backlog = self._backlog
        if self._closed or backlog.closed:
            return
        if self._suspended(packet):
            self._skipping = self._video
            return
        if self._video:
            if (self._skipping and not self._resumes(packet)) or backlog.waiting > VIDEO_LIMIT_BYTES:
                self._skipping = True
                backlog.dropped_video += 1
                return
            self._skipping = False
        elif backlog.waiting > AUDIO_LIMIT_BYTES:
            backlog.dropped_audio += 1
            return
        try:
            record = pack_packet(self._track, packet)
        except struct.error:
            self._drop()
            return
        backlog.append(record)

    def set_anchor(self, anchor: Anchor) -> None:
        """Note the source's time on the worker's clock."""
        backlog = self._backlog
        if self._closed or backlog.closed or backlog.waiting > AUDIO_LIMIT_BYTES:
            return
        try:
            record = pack_anchor(self._track, anchor)
        except struct.error:
            return
        backlog.append(record)

    def close(self) -> None:
        """Take nothing more; the recording goes on."""
        self._closed = True

    def _suspended(self, packet: Packet) -> bool:
        """Tell whether a packet belongs to a pause: it came in it, or was made before its end and came late."""
        backlog = self._backlog
        if backlog.paused:
            if self._secret is None or _later(packet.timestamp, self._secret):
                self._secret = packet.timestamp
            return True
        if packet.arrival < backlog.resumed_at + LATE_SECONDS:
            return True
        return self._secret is not None and self._still_secret(packet, self._secret)

    def _still_secret(self, packet: Packet, secret: int) -> bool:
        if not _later(packet.timestamp, secret):
            return packet.arrival < self._backlog.resumed_at + REPAIR_SECONDS
        self._secret = None if packet.arrival > self._backlog.resumed_at + REPAIR_SECONDS else secret
        return False

    def _resumes(self, packet: Packet) -> bool:
        # A keyframe that is joined in its middle is as useless as none (RFC 7741 §4.2: S set, PID 0).
        payload = packet.payload
        return packet.keyframe and (not self._vp8 or (len(payload) > 0 and payload[0] & 0x17 == 0x10))

    def _drop(self) -> None:
        if self._video:
            self._skipping = True
            self._backlog.dropped_video += 1
        else:
            self._backlog.dropped_audio += 1


def _later(one: int, other: int) -> bool:
    return 0 < (one - other) & 0xFFFFFFFF < 0x80000000
