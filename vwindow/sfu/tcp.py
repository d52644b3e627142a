"""Media over TCP for networks that let no UDP out: the passive side of ICE-TCP (RFC 6544), frames of RFC 4571."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from vwindow.clock import Clock
from vwindow.ice.book import Address
from vwindow.sfu.counters import Counters
from vwindow.sfu.ports import LocalPort

MAX_FRAME = 2048
MAX_CONNECTIONS = 2000
MAX_STRANGERS = 64
"""Connections on which no check has succeeded; above that the oldest is closed."""
PATIENCE = 5.0
"""Seconds in which a connection must belong to a peer."""
SEND_BYTES = 64 * 1024
"""What may wait for a slow reader, in the kernel and here each: a third of a second of one picture."""
READ_BYTES = 64 * 1024
READS = 4
ACCEPTS = 32

Take = Callable[[bytes, Address, LocalPort, float], None]


class TcpPort:
    """Accept connections on one local address; each is an address like any other to the gate.

    Only what `owned` says belongs to a peer stays open. Raises OSError when the address cannot be bound.
    """

    def __init__(self, index: int, host: str, number: int, clock: Clock, counters: Counters) -> None:
        self.index = index
        self.host = host
        self._clock = clock
        self._counters = counters
        self._take: Take | None = None
        self._owned: Callable[[Address], bool] = lambda address: False
        self._lost: Callable[[Address], None] = lambda address: None
        self._connections: dict[Address, Connection] = {}
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if self._socket.family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)  # each connection inherits it
            self._socket.setblocking(False)
            self._socket.bind((host, number))
            self._socket.listen(128)
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    def __len__(self) -> int:
        return len(self._connections)

    def start(self, take: Take, owned: Callable[[Address], bool], lost: Callable[[Address], None]) -> None:
        """Call `take` for each frame from now on; `lost(address)` when a connection has ended."""
        self._take, self._owned, self._lost = take, owned, lost
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError:
                self._counters.add("receive_errors")
                return
            strangers = [found for found in self._connections.values() if not self._owned(found.address)]
            if len(strangers) >= MAX_STRANGERS:
                self._end(strangers[0])
            if len(self._connections) >= MAX_CONNECTIONS:
                self._counters.add("tcp_refused")
                accepted.close()
                continue
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(accepted, address, self._clock.monotonic())
            self._connections[address] = connection
            asyncio.get_running_loop().add_reader(accepted.fileno(), self._on_readable, connection)

    def _on_readable(self, connection: "Connection") -> None:
        take = self._take
        assert take is not None
        now = self._clock.monotonic()
        for _ in range(READS):
            frames = connection.read()
            for frame in frames or ():
                known = self._owned(connection.address)
                if not known and not (frame and frame[0] < 4):
                    self._counters.add("stray")
                    frames = None  # nothing but a check opens a connection
                    break
                try:
                    take(frame, connection.address, self, now)
                except Exception as error:  # noqa: BLE001  edge: a frame must never end the reader
                    self._counters.error("datagram", error)
                if not known and not self._owned(connection.address):
                    frames = None
                    break
            if frames is None:
                self._end(connection)
                return
            if not connection.more:
                return

    def send(self, data: bytes, address: Address) -> None:
        """Send a frame now or keep it; drop it whole when too much waits or the connection is gone."""
        connection = self._connections.get(address)
        if connection is None or not connection.write(data):
            self._counters.add("send_dropped")

    def sweep(self, now: float) -> None:
        """Close what belongs to nobody; about once a second."""
        for connection in list(self._connections.values()):
            if self._owned(connection.address):
                connection.since = now
            elif now - connection.since > PATIENCE:
                self._end(connection)

    def _end(self, connection: "Connection") -> None:
        if self._connections.pop(connection.address, None) is not None:
            connection.close()
            self._lost(connection.address)

    def close(self) -> None:
        """Close all connections and stop accepting; idempotent."""
        for connection in list(self._connections.values()):
            self._end(connection)
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):  # no loop: never started
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()


class Connection:
    """One accepted connection: frames in, frames out, both bounded."""

    __slots__ = ("_inbox", "_outbox", "_socket", "address", "more", "since")

    def __init__(self, accepted: socket.socket, address: Address, now: float) -> None:
        self._socket = accepted
        self._inbox = bytearray()
        self._outbox = bytearray()
        self.address = address
        self.since = now
        """When it last belonged to a peer, or was opened."""
        self.more = False
        """Whether the last read may have left something."""

    def read(self) -> list[bytes] | None:
        """Return the frames that are whole now, None when the connection has ended or makes no sense."""
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            self.more = False
            return []
        except OSError:
            return None
        if not data:
            return None
        self.more = len(data) == READ_BYTES
        inbox = self._inbox
        inbox += data
        frames = []
        at = 0
        while at + 2 <= len(inbox):
            size = inbox[at] << 8 | inbox[at + 1]
            if size > MAX_FRAME:
                return None
            if at + 2 + size > len(inbox):
                break
            frames.append(bytes(inbox[at + 2 : at + 2 + size]))
            at += 2 + size
        del inbox[:at]
        return frames

    def write(self, data: bytes) -> bool:
        """Send or keep a whole frame; False when it was dropped, never a part of it."""
        frame = len(data).to_bytes(2, "big") + data
        if self._outbox:
            if len(self._outbox) + len(frame) > SEND_BYTES:
                return False
            self._outbox += frame
            return True
        try:
            sent = self._socket.send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            return False  # the reader will hear of it
        if sent < len(frame):
            self._outbox += frame[sent:]
            asyncio.get_running_loop().add_writer(self._socket.fileno(), self._flush)
        return True

    def _flush(self) -> None:
        try:
            del self._outbox[: self._socket.send(self._outbox)]
        except BlockingIOError:
            return
        except OSError:
            self._outbox.clear()  # the reader will hear of it
        if not self._outbox:
            asyncio.get_running_loop().remove_writer(self._socket.fileno())

    def close(self) -> None:
        """Close; idempotent."""
        number = self._socket.fileno()
        if number >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(number)
            loop.remove_writer(number)
        self._socket.close()
