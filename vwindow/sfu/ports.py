"""The ports between what gives packets and what takes them."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from vwindow.rtp.playout import Leg

Kind = Literal["audio", "video"]
SourceName = Literal[
    "kiosk.microphone", "kiosk.face", "kiosk.document", "kiosk.screen",
    "staff.microphone", "staff.face", "staff.screen",
    "guest.microphone", "guest.face", "guest.screen",
    "observer.microphone",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """What a source's packets are: `codec` in lower case ("opus", "vp8"), `clock_rate` in Hz."""

    kind: Kind
    codec: str
    clock_rate: int


@dataclass(slots=True)
class Packet:
    """One RTP packet after SRTP: header fields without extensions or padding, payload as it came.

    Nobody changes it; it is not frozen because making a frozen one costs three times as much.

    `seq` is the extended sequence number (never wraps), `timestamp` the 32-bit RTP time, `arrival`
    the worker's monotonic seconds.
    """

    seq: int
    timestamp: int
    marker: bool
    payload: bytes
    arrival: float
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties RTP time to the worker's clock: at `monotonic` seconds the source's time was `timestamp`."""

    timestamp: int
    monotonic: float


class LocalPort(Protocol):
    """A local address of the worker from which datagrams leave: now, or not at all."""

    index: int

    def send(self, data: bytes, address: tuple[Any, ...]) -> None: ...


class Sink(Protocol):
    """Take packets; never wait, never raise for a full queue."""

    def write(self, packet: Packet) -> None: ...

    def set_anchor(self, anchor: Anchor) -> None:
        """Learn the source's time on the worker's clock (from sender reports, lowest delay seen)."""
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """Give packets to any number of sinks."""

    @property
    def name(self) -> SourceName: ...

    @property
    def format(self) -> Format: ...

    @property
    def leg(self) -> Leg:
        """Return what the way from the sender to us loses, and how long a repair takes."""
        ...

    def attach(self, sink: Sink) -> None: ...

    def detach(self, sink: Sink) -> None: ...

    def replay(self, sink: Sink) -> bool:
        """Give a sink that is attached now the last keyframe and what followed; False when that is too old."""
        ...

    def request_keyframe(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a recording has really put on disk: synced bytes, and the monotonic time of the last write."""

    bytes_total: int
    last_write: float


class Recording(Protocol):
    """One running recording of a room: a sink per source, one journal file."""

    def sink(self, source: SourceName, format: Format) -> Sink: ...

    def written(self) -> Written: ...

    @property
    def failure(self) -> str:
        """Return why nothing reaches the disk now; empty when all is well."""
        ...

    def pause(self) -> None:
        """Keep nothing from now on, and note that it is so; idempotent."""
        ...

    def resume(self) -> None:
        """Keep what is made from now on; idempotent."""
        ...

    async def close(self) -> None:
        """Flush, sync and seal the journal; idempotent."""
        ...


class Recorder(Protocol):
    """Open recordings; the worker gets one from its composition root."""

    def open(self, path: str, key: bytes, started_wall: float) -> Recording:
        """Create the journal at `path`, sealed with a 32-byte key; raises OSError."""
        ...
