"""A recorder that keeps packets in memory."""

from dataclasses import dataclass, field

from vwindow.sfu.ports import Anchor, Format, Packet, Recording, Sink, SourceName, Written


@dataclass
class FakeSink:
    source: str
    format: Format
    packets: list[Packet] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    closed: bool = False
    broken: bool = False

    def write(self, packet: Packet) -> None:
        if self.broken:
            raise OSError("no space left on device")
        self.packets.append(packet)

    def set_anchor(self, anchor: Anchor) -> None:
        self.anchors.append(anchor)

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeRecording:
    path: str
    key: bytes
    started_wall: float
    sinks: dict[str, FakeSink] = field(default_factory=dict)
    closed: bool = False
    stuck: bool = False
    paused: bool = False
    failure: str = ""

    def sink(self, source: SourceName, format: Format) -> Sink:
        assert source not in self.sinks, "a source has one sink for the whole recording"
        self.sinks[source] = FakeSink(source, format)
        return self.sinks[source]

    def written(self) -> Written:
        packets = [packet for sink in self.sinks.values() for packet in sink.packets]
        if self.stuck or not packets:
            return Written(0, 0.0)
        return Written(sum(len(p.payload) for p in packets), max(p.arrival for p in packets))

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeRecorder:
    full: bool = False
    recordings: list[FakeRecording] = field(default_factory=list)

    def open(self, path: str, key: bytes, started_wall: float) -> Recording:
        if self.full:
            raise OSError("no space left on device")
        self.recordings.append(FakeRecording(path, key, started_wall))
        return self.recordings[-1]
