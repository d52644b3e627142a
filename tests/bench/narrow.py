"""A bad network on the loopback interface: a UDP relay that loses, delays and queues each way of each leg."""

import asyncio
import heapq
import random
import socket
from dataclasses import dataclass
from typing import Any

QUEUE_SECONDS = 0.2
BUFFER_BYTES = 1 << 20


@dataclass
class Link:
    """One way of one leg: loss 0 to 1, delay in seconds, rate in bit/s (0 for any) with a queue of 200 ms."""

    loss: float
    delay: float
    rate: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._free = 0.0
        self.carried = self.lost = self.full = 0

    def carry(self, now: float, size: int) -> float | None:
        """Return when a packet arrives, None when it is lost."""
        if self._random.random() < self.loss:
            self.lost += 1
            return None
        if self.rate:
            free = max(self._free, now) + 8 * size / self.rate
            if free - now > QUEUE_SECONDS:
                self.full += 1
                return None
            self._free = free
        self.carried += 1
        return max(self._free, now) + self.delay


class Relay:
    """Stand at `host`:`port` for what is at `behind`: each client address gets a socket of its own there."""

    def __init__(self, host: str, port: int, behind: tuple[str, int], loss: float, delay: float, rate: float) -> None:
        self._behind = behind
        self._settings = loss, delay, rate
        self._loop = asyncio.get_running_loop()
        self._front = _bound(host, port)
        self._backs: dict[Any, socket.socket] = {}
        self._ways: dict[socket.socket, tuple[Link, Link]] = {}
        self.links: list[Link] = []
        self._waiting: list[tuple[float, int, socket.socket, bytes, Any]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._front, self._from_clients)

    def limit(self, rate: float) -> None:
        """Let each way of each leg carry `rate` bit/s from now on, 0 for any."""
        self._settings = (*self._settings[:2], rate)
        for link in self.links:
            link.rate = rate

    def _link(self) -> Link:
        self.links.append(Link(*self._settings, seed=len(self.links) + 1))
        return self.links[-1]

    def _from_clients(self) -> None:
        while True:
            try:
                data, client = self._front.recvfrom(2048)
            except BlockingIOError:
                return
            back = self._backs.get(client)
            if back is None:
                back = self._backs[client] = _bound("127.0.0.1", 0)
                self._ways[back] = self._link(), self._link()
                self._loop.add_reader(back, self._from_behind, back, client)
            self._put(self._ways[back][0], back, data, self._behind)

    def _from_behind(self, back: socket.socket, client: Any) -> None:
        while True:
            try:
                data = back.recv(2048)
            except (BlockingIOError, ConnectionError):
                return
            self._put(self._ways[back][1], self._front, data, client)

    def _put(self, link: Link, out: socket.socket, data: bytes, to: Any) -> None:
        now = self._loop.time()
        at = link.carry(now, len(data))
        if at is None:
            return
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, out, data, to))
        self._schedule()

    def _schedule(self) -> None:
        if not self._waiting:
            return
        if self._timer is None or self._timer.when() > self._waiting[0][0] or self._timer.cancelled():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._waiting[0][0], self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now + 0.0005:
            _, _, out, data, to = heapq.heappop(self._waiting)
            out.sendto(data, to)
        self._schedule()

    def close(self) -> None:
        """Stop; what is on its way is lost."""
        if self._timer is not None:
            self._timer.cancel()
        for each in (self._front, *self._backs.values()):
            self._loop.remove_reader(each)
            each.close()


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    made.setblocking(False)
    made.bind((host, port))
    return made
