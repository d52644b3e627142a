"""H.264 pictures out of RTP packets (RFC 6184), as an MP4 file keeps them: each NAL unit behind its length."""

from vwindow.recording.bits import Bits
from vwindow.recording.vp8 import Frame
from vwindow.sfu.ports import Packet

IDR, SPS, PPS = 5, 7, 8
_STAP_A, _FU_A = 24, 28
_MAX_SIDE = 16_384


class BadUnit(ValueError):
    """Say that a payload holds no NAL units that can be put together."""


def units_of(payload: bytes) -> list[bytes]:
    """Return the whole NAL units of a payload: one, or those of an aggregate; none of a fragment (see FU-A)."""
    kind = payload[0] & 0x1F if payload else 0
    if 1 <= kind <= 23:
        return [payload]
    if kind != _STAP_A:
        return []
    units, at = [], 1
    while at + 2 <= len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        at += 2
        if size == 0 or at + size > len(payload):
            return []
        units.append(payload[at : at + size])
        at += size
    return units


def picture_size(sps: bytes) -> tuple[int, int] | None:
    """Return width and height that a sequence parameter set announces (H.264 §7.3.2.1.1); None when it is broken."""
    try:
        return _picture_size(Bits(sps[1:].replace(b"\0\0\3", b"\0\0")))
    except IndexError:
        return None


def configuration(sps: bytes, pps: bytes) -> bytes:
    """Return the AVCDecoderConfigurationRecord of one set of each kind (ISO/IEC 14496-15 §5.3.3.1)."""
    head = bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1))
    return head + len(sps).to_bytes(2, "big") + sps + b"\1" + len(pps).to_bytes(2, "big") + pps


class H264Assembler:
    """Put packets in order of number together; after a loss give nothing until the next whole keyframe."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._units: list[bytes] = []
        self._fragment: list[bytes] | None = None
        self._time = 0.0
        self._timestamp: int | None = None
        self._lost = True
        self._broken = False
        self.dropped = 0
        """Frames that were whole but could not be decoded, or not whole."""

    def push(self, packet: Packet, time: float) -> Frame | None:
        """Take the next packet; return the frame that it completes."""
        if self._next is not None and packet.seq != self._next:
            # Numbers of packets that held nothing are not told apart from lost ones: H.264 names no picture.
            self._broken = True
        self._next = packet.seq + 1
        if not packet.payload:
            return None
        if packet.timestamp != self._timestamp:
            self._begin(packet, time)
        try:
            self._take(packet.payload)
        except BadUnit:
            self._broken = True
        return self._finish() if packet.marker else None

    def _begin(self, packet: Packet, time: float) -> None:
        if self._units or self._fragment:  # the last packet of the frame before never came
            self.dropped += 1
            self._lost = True
        elif self._broken:
            self._lost = True
        self._units, self._fragment, self._broken = [], None, False
        self._timestamp, self._time = packet.timestamp, time

    def _take(self, payload: bytes) -> None:
        if payload[0] & 0x1F == _FU_A:
            self._take_fragment(payload)
            return
        units = units_of(payload)
        if not units or self._fragment is not None:
            raise BadUnit
        self._units += units

    def _take_fragment(self, payload: bytes) -> None:
        if len(payload) < 3:
            raise BadUnit
        begins, ends = bool(payload[1] & 0x80), bool(payload[1] & 0x40)
        if begins == (self._fragment is not None):
            raise BadUnit
        if self._fragment is None:
            self._fragment = [bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))]
        self._fragment.append(payload[2:])
        if ends:
            self._units.append(b"".join(self._fragment))
            self._fragment = None

    def _finish(self) -> Frame | None:
        units, whole = self._units, not self._broken and self._fragment is None
        self._units, self._fragment, self._broken, self._timestamp = [], None, False, None
        keyframe = any(unit[0] & 0x1F == IDR for unit in units)
        if not whole or not units or (self._lost and not keyframe):
            self._lost = True
            self.dropped += 1
            return None
        self._lost = False
        return Frame(self._time, keyframe, b"".join(len(unit).to_bytes(4, "big") + unit for unit in units))


def _picture_size(bits: Bits) -> tuple[int, int] | None:
    profile = bits.read(8)
    bits.read(16)
    bits.exp_golomb()
    chroma = 1
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128):
        chroma = bits.exp_golomb()
        if chroma == 3:
            bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        bits.read(1)
        if bits.read(1):  # scaling lists: no camera of a call sends them
            return None
    bits.exp_golomb()
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.exp_golomb()
    bits.exp_golomb()
    bits.read(1)
    width, height = 16 * (bits.exp_golomb() + 1), 16 * (bits.exp_golomb() + 1)
    if not (progressive := bits.read(1)):
        height *= 2
        bits.read(1)
    bits.read(1)
    if bits.read(1):
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (1 if progressive else 2)
        width, height = width - across * (left + right), height - down * (top + bottom)
    return (width, height) if 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE else None
