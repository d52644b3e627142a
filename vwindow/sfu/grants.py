"""What of a room's sources may be heard, seen and recorded now; the server says, and the room keeps it."""

from vwindow.errors import Refused
from vwindow.sfu.answer import sendable
from vwindow.sfu.ports import SourceName
from vwindow.sfu.sdp import Offer
from vwindow.sfu.slots import GRANTABLE, GRANTED


class Grants:
    """Begin with today's default set; grants belong to the room, so a peer that comes back has them still."""

    def __init__(self) -> None:
        self._granted: set[SourceName] = set(GRANTED)

    def set(self, source: str, on: bool) -> None:
        """Switch a source on or off; raises Refused("unknown_source") for what no side may ever send."""
        name = GRANTABLE.get(source)
        if name is None:
            raise Refused("unknown_source")
        if on:
            self._granted.add(name)
        else:
            self._granted.discard(name)

    @property
    def names(self) -> frozenset[SourceName]:
        """Return what is granted."""
        return frozenset(self._granted)

    def lines(self, offer: Offer) -> dict[int, SourceName]:
        """Return the m-lines of an offer whose packets reach somebody, each with its source.

        A single stream's grant is the token that its offer came with.
        """
        return {
            index: line.source
            for index, line in enumerate(offer.table)
            if line.source and sendable(offer, index) and (offer.resource or line.source in self._granted)
        }
