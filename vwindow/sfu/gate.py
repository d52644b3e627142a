"""What a datagram is (RFC 7983), and whose: the first stop of everything that comes in."""

from vwindow.ice.book import Address, Book
from vwindow.sfu.counters import Counters
from vwindow.sfu.peer import Peer
from vwindow.sfu.ports import LocalPort


class Gate:
    """Answer checks; pass DTLS and SRTP on from allowed addresses only; count and drop the rest."""

    def __init__(self, book: Book[Peer], counters: Counters) -> None:
        self._book = book
        self._counts = counters.values

    def take(self, data: bytes, address: Address, port: LocalPort, now: float) -> None:
        """Take one datagram; a packet from an unknown address costs a look-up."""
        if not data:
            self._counts["empty"] += 1
            return
        first = data[0]
        if 127 < first < 192:
            peer = self._book.owners[port.index].get(address)
            if peer is None:
                self._counts["stray"] += 1
            else:
                peer.take_media(data, port, address, now)
        elif first < 4:
            self._check(data, address, port, now)
        elif 19 < first < 64:
            peer = self._book.owners[port.index].get(address)
            if peer is None:
                self._counts["stray"] += 1
            elif not peer.take_dtls(data):
                self._counts["dtls_dropped"] += 1
        else:
            self._counts["stray"] += 1

    def _check(self, data: bytes, address: Address, port: LocalPort, now: float) -> None:
        accepted = self._book.take(data, port.index, address, now)
        if accepted is None:
            self._counts["checks_dropped"] += 1
            return
        self._counts["checks"] += 1
        port.send(accepted.response, address)
        if accepted.moved:
            accepted.owner.move(port, address)
