"""One non-blocking UDP socket, drained in its reader callback."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable

from vwindow.clock import Clock
from vwindow.ice.book import Address
from vwindow.sfu.burst import Burst
from vwindow.sfu.counters import Counters

DRAIN = 128
"""Datagrams per wake-up; then other callbacks of the loop get their turn."""
FLUSH = 32
"""Datagrams after which what they caused is sent: under load the first of them waits less than a millisecond."""
MAX_DATAGRAM = 2048
_BUFFER_BYTES = 4 << 20

Take = Callable[[bytes, Address, "Port", float], None]


class Port:
    """Receive and send on one local address.

    Raises ValueError for an address that is not a single host address, OSError when it cannot be bound.
    """

    def __init__(self, index: int, host: str, port: int, clock: Clock, counters: Counters) -> None:
        address = ipaddress.ip_address(host)
        if address.is_unspecified or address.is_multicast:
            raise ValueError(f"{host}: list the addresses of this host one by one")
        self.index = index
        self._clock = clock
        self._counters = counters
        self._take: Take | None = None
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.host = host
        self.number: int = self._socket.getsockname()[1]
        self._burst = Burst(self._socket, counters)
        self._draining = False

    def start(self, take: Take) -> None:
        """Call `take(data, address, port, now)` for each datagram from now on."""
        self._take = take
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._on_readable)

    def _on_readable(self) -> None:
        take = self._take
        assert take is not None
        receive = self._socket.recvfrom
        now = self._clock.monotonic()
        self._draining = True
        for count in range(DRAIN):
            if count % FLUSH == FLUSH - 1:
                self._burst.flush()
            try:
                data, address = receive(MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error of an earlier send is told here; it says nothing about the next datagram.
                self._counters.add("receive_errors")
                continue
            try:
                take(data, address, self, now)
            except Exception as error:  # noqa: BLE001  edge: a datagram must never end the reader
                self._counters.error("datagram", error)
        self._draining = False
        self._burst.flush()

    def send(self, data: bytes, address: Address) -> None:
        """Send or drop; what a datagram causes leaves at the end of its wake-up, together."""
        if self._draining:
            self._burst.put(data, address)
        else:
            self._burst.send(data, address)

    def close(self) -> None:
        """Stop receiving and free the address; idempotent."""
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):  # no loop: never started
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
