"""What a peer was answered: the numbers of its slots, chosen once and kept over ICE restarts."""

import secrets
from dataclasses import dataclass

from vwindow.sfu.sdp import Offer
from vwindow.sfu.slots import stream_of


@dataclass(frozen=True, slots=True)
class SlotStart:
    """One slot: its m-line, our SSRC and CNAME on it, the first number and time it sends, its repair stream."""

    line: int
    ssrc: int
    cname: str
    first: int
    first_time: int
    repair: int = 0
    repair_first: int = 0


@dataclass(slots=True)
class Seat:
    """Our media and repair SSRC for each m-line (0 where the peer sends), its slots, and the SDP session."""

    ssrcs: tuple[tuple[int, int], ...]
    slots: tuple[SlotStart, ...]
    session: int
    version: int = 1

    @classmethod
    def choose(cls, offer: Offer) -> "Seat":
        """Choose random SSRCs, numbers and times (RFC 3550 §5.1) for each slot of an offer."""
        table = offer.table
        ssrcs = tuple((0, 0) if line.sends else _two() for line in table)
        slots = tuple(
            SlotStart(
                line=index,
                ssrc=ssrcs[index][0],
                cname=stream_of(line, offer.lines[index].mid)[0],
                # One cycle up, so that numbers before the first are not negative.
                first=0x10000 + secrets.randbits(15),
                first_time=secrets.randbits(32),
                repair=ssrcs[index][1],
                repair_first=secrets.randbits(15),
            )
            for index, line in enumerate(table)
            if not line.sends
        )
        return cls(ssrcs, slots, secrets.randbits(62))


def _two() -> tuple[int, int]:
    return 2 + secrets.randbelow(0xFFFFFFFD), 2 + secrets.randbelow(0xFFFFFFFD)
