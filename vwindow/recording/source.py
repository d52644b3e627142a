"""What is known of one source of a recording before its packets are laid into a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vwindow.recording import h264
from vwindow.recording.vp8 import is_keyframe, parse_descriptor
from vwindow.recording.vp8 import picture_size as vp8_size
from vwindow.sfu.ports import Kind, Packet

GAP_SECONDS = 2.0
MAX_NOTES = 1000
"""Spans and sizes that are noted of a source; what goes beyond is in the files all the same."""

Span = tuple[float, float]
CODECS = {"opus", "vp8", "h264"}
LATER = "-later"
"""Ends the name of what a source sent in another codec than at first: a file holds one."""


@dataclass(slots=True)
class SourceFacts:
    """Seconds are those of the recording."""

    name: str
    kind: Kind
    codec: str
    packets: int = 0
    spans: list[Span] = field(default_factory=list)
    """When packets came, without holes of more than 2 s."""
    sizes: list[tuple[float, int, int]] = field(default_factory=list)
    """When a keyframe was the first of another size: seconds, width, height."""
    sps: bytes = b""
    pps: bytes = b""

    @property
    def source(self) -> str:
        """Return the source as the room knows it."""
        return self.name.removesuffix(LATER)

    @property
    def seconds(self) -> float:
        """Return how long packets came."""
        return sum(end - begin for begin, end in self.spans)

    @property
    def playable(self) -> bool:
        """Tell whether a player could begin: there is sound, or a keyframe with all it needs."""
        if self.kind == "audio":
            return self.packets > 0
        return bool(self.sizes) and (self.codec != "h264" or bool(self.pps))

    def take(self, packet: Packet, seconds: float) -> None:
        """Learn of a packet that came at `seconds`."""
        self.packets += 1
        if self.spans and 0 <= seconds - self.spans[-1][1] <= GAP_SECONDS:
            self.spans[-1] = (self.spans[-1][0], seconds)
        elif not self.spans or (seconds > self.spans[-1][1] and len(self.spans) < MAX_NOTES):
            self.spans.append((seconds, seconds))
        if self.codec == "vp8":
            if packet.keyframe or not self.sizes:
                self._vp8(packet.payload, seconds)
        elif self.codec == "h264" and packet.payload[0] & 0x1F in (h264.SPS, h264.PPS, 24):
            self._h264(packet.payload, seconds)

    def join(self, later: "SourceFacts", offset: float) -> None:
        """Add what a later part knows of this source, which begins at `offset` seconds."""
        self.packets += later.packets
        self.spans += [(begin + offset, end + offset) for begin, end in later.spans]
        for at, width, height in later.sizes:
            self._note_size(at + offset, (width, height))
        if not (self.sps and self.pps):
            self.sps, self.pps = later.sps, later.pps

    def _vp8(self, payload: bytes, seconds: float) -> None:
        descriptor = parse_descriptor(payload)
        if descriptor is None or not descriptor.begins:
            return
        frame = payload[descriptor.size : descriptor.size + 10]
        if is_keyframe(frame):
            self._note_size(seconds, vp8_size(frame))

    def _h264(self, payload: bytes, seconds: float) -> None:
        for unit in h264.units_of(payload):
            kind = unit[0] & 0x1F
            if kind == h264.SPS and (size := h264.picture_size(unit)) is not None:
                self._note_size(seconds, size)
                self.sps = self.sps or unit
            elif kind == h264.PPS:
                self.pps = self.pps or unit

    def _note_size(self, seconds: float, size: tuple[int, int]) -> None:
        known = self.sizes[-1][1:] if self.sizes else None
        if size != known and all(size) and len(self.sizes) < MAX_NOTES:
            self.sizes.append((seconds, *size))


def holes(spans: Sequence[Span]) -> list[Span]:
    """Return what lies between spans."""
    return [(before[1], after[0]) for before, after in pairwise(spans) if after[0] > before[1]]
