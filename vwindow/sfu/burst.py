"""What one wake-up sends, in as few system calls as the kernel takes (UDP segmentation offload, Linux 4.18)."""

import errno
import socket
import struct
import sys
from typing import Any, Protocol

from vwindow.ice.book import Address
from vwindow.sfu.counters import Counters

UDP_SEGMENT = 103
MAX_SEGMENTS = 64
MAX_BYTES = 60_000
REFUSALS = 8
"""Refused bursts in a row after which the kernel, or the interface, is not asked any more."""
_REFUSED = frozenset({errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.EOPNOTSUPP, errno.ENOPROTOOPT})
_SIZE = struct.Struct("=H")

Control = tuple[tuple[int, int, bytes]]


class Wire(Protocol):
    """The part of a socket that sends."""

    def sendto(self, data: bytes, address: Any, /) -> int: ...

    def sendmsg(self, buffers: list[bytes], ancdata: Control, flags: int, address: Any, /) -> int: ...


class Burst:
    """Keep datagrams until `flush`; to one address they leave in the order in which they came.

    A picture's packets have one size or two, so most of it goes to the kernel at once. The caller bounds how many wait.
    """

    __slots__ = ("_control", "_counters", "_refusals", "_waiting", "_wire")

    def __init__(self, wire: Wire, counters: Counters) -> None:
        self._wire = wire
        self._counters = counters
        self._waiting: dict[Address, list[bytes]] = {}
        self._control: dict[int, Control] = {}
        self._refusals = 0 if sys.platform == "linux" else REFUSALS

    def put(self, data: bytes, address: Address) -> None:
        """Keep a datagram for the next flush."""
        waiting = self._waiting.get(address)
        if waiting is None:
            self._waiting[address] = [data]
        else:
            waiting.append(data)

    def flush(self) -> None:
        """Send all that waits, or drop it: a full socket buffer or an unreachable peer is the peer's loss."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        for address, datagrams in waiting.items():
            if len(datagrams) == 1:
                self.send(datagrams[0], address)
            elif self._refusals >= REFUSALS:
                for data in datagrams:
                    self.send(data, address)
            else:
                self._send_runs(datagrams, address)

    def send(self, data: bytes, address: Address) -> None:
        """Send one datagram now."""
        try:
            self._wire.sendto(data, address)
        except OSError:
            self._counters.add("send_dropped")

    def _send_runs(self, datagrams: list[bytes], address: Address) -> None:
        start, count = 0, len(datagrams)
        while start < count:
            size = len(datagrams[start])
            end, total = start + 1, size
            while end < count and end - start < MAX_SEGMENTS and total < MAX_BYTES:
                length = len(datagrams[end])
                if length > size:
                    break
                end += 1
                total += length
                if length < size:
                    break  # only the last segment may be shorter
            if end - start == 1:
                self.send(datagrams[start], address)
            else:
                self._send_run(datagrams[start:end], size, address)
            start = end

    def _send_run(self, run: list[bytes], size: int, address: Address) -> None:
        control = self._control.get(size)
        if control is None:
            control = self._control[size] = ((socket.SOL_UDP, UDP_SEGMENT, _SIZE.pack(size)),)
        try:
            self._wire.sendmsg(run, control, 0, address)
            self._refusals = 0
        except OSError as error:
            if error.errno not in _REFUSED:
                for _ in run:
                    self._counters.add("send_dropped")
                return
            self._refusals += 1
            self._counters.add("bursts_refused")
            for data in run:
                self.send(data, address)
