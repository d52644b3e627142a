"""VP8 frames out of RTP packets (RFC 7741)."""

from dataclasses import dataclass

from vwindow.sfu.ports import Packet


@dataclass(frozen=True, slots=True)
class Descriptor:
    """The payload descriptor of RFC 7741 §4.2; `begins` marks the first packet of a frame."""

    size: int
    begins: bool
    picture: int | None
    picture_bits: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded picture; `time` is what its first packet was pushed with."""

    time: float
    keyframe: bool
    data: bytes


def parse_descriptor(payload: bytes) -> Descriptor | None:
    """Read a descriptor; None when it is longer than the payload or nothing follows it."""
    size = 1
    picture, bits = None, 0
    try:
        first = payload[0]
        if first & 0x80:  # X
            extended = payload[1]
            size = 2
            if extended & 0x80:  # I
                picture, bits = payload[size] & 0x7F, 7
                if payload[size] & 0x80:  # M
                    picture, bits = picture << 8 | payload[size + 1], 15
                size += 1 if bits == 7 else 2
            size += bool(extended & 0x40)  # L: TL0PICIDX
            size += bool(extended & 0x30)  # T or K: TID, Y, KEYIDX share a byte
    except IndexError:
        return None
    if size >= len(payload):
        return None
    return Descriptor(size, first & 0x17 == 0x10, picture, bits)


def is_keyframe(frame: bytes) -> bool:
    """Tell a keyframe by its frame tag and start code (RFC 6386 §9.1)."""
    return len(frame) >= 10 and not frame[0] & 1 and frame[3:6] == b"\x9d\x01\x2a"


def picture_size(frame: bytes) -> tuple[int, int]:
    """Return width and height that a keyframe announces."""
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


class FrameAssembler:
    """Put packets in order of number together; after a loss give nothing until the next whole keyframe.

    A hole between two frames whose picture ids follow each other is no loss (padding was numbered there).
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._parts: list[bytes] = []
        self._time = 0.0
        self._timestamp = 0
        self._hole = False
        self._lost = True
        self._picture: int | None = None
        self._last_picture: int | None = None
        self.dropped = 0
        """Frames that were whole but could not be decoded, or not whole."""

    def push(self, packet: Packet, time: float) -> Frame | None:
        """Take the next packet; return the frame that it completes."""
        if self._next is not None and packet.seq != self._next:
            self._hole = True
            self._give_up()
        self._next = packet.seq + 1
        if not packet.payload:  # padding keeps the numbers whole
            return None
        descriptor = parse_descriptor(packet.payload)
        if descriptor is None:
            self._hole = self._lost = True
            self._give_up()
            return None
        if descriptor.begins:
            self._begin(packet, descriptor, time)
        elif not self._parts or packet.timestamp != self._timestamp:
            self._give_up()
            self._lost = True
            return None
        self._parts.append(packet.payload[descriptor.size :])
        return self._finish() if packet.marker else None

    def _begin(self, packet: Packet, descriptor: Descriptor, time: float) -> None:
        self._give_up()
        if self._hole:
            last, now = self._last_picture, descriptor.picture
            follows = last is not None and now is not None and now == last + 1 & (1 << descriptor.picture_bits) - 1
            self._lost |= not follows
            self._hole = False
        self._picture = descriptor.picture
        self._timestamp = packet.timestamp
        self._time = time

    def _finish(self) -> Frame | None:
        data = b"".join(self._parts)
        self._parts = []
        self._last_picture = self._picture
        keyframe = is_keyframe(data)
        if self._lost and not keyframe:
            self.dropped += 1
            return None
        self._lost = False
        return Frame(self._time, keyframe, data)

    def _give_up(self) -> None:
        if self._parts:
            self._parts = []
            self._lost = True
            self.dropped += 1
