"""What a peer was answered: the numbers of its slots, chosen once and kept over ICE restarts."""

import secrets
from dataclasses import dataclass

from vwindow.sfu.sdp import Offer
from vwindow.sfu.slots import stream_of


@dataclass(frozen=True, slots=True)
class SlotStart:
    """One slot: its m-line, our SSRC and CNAME on it, the first number and time it sends."""

    line: int
    ssrc: int
    cname: str
    first: int
    first_time: int


@dataclass(slots=True)
class Seat:
    """Our SSRC for each m-line (0 where the peer sends), its slots, and the SDP session."""

    ssrcs: tuple[int, ...]
    slots: tuple[SlotStart, ...]
    session: int
    version: int = 1

    @classmethod
    def choose(cls, offer: Offer) -> "Seat":
        """Choose random SSRCs, numbers and times (RFC 3550 §5.1) for each slot of an offer."""
        table = offer.table
        ssrcs = tuple(0 if line.sends else 2 + secrets.randbelow(0xFFFFFFFD) for line in table)
        slots = tuple(
            SlotStart(
                line=index,
                ssrc=ssrcs[index],
                cname=stream_of(line, offer.lines[index].mid)[0],
                # One cycle up, so that numbers before the first are not negative.
                first=0x10000 + secrets.randbits(15),
                first_time=secrets.randbits(32),
            )
            for index, line in enumerate(table)
            if not line.sends
        )
        return cls(ssrcs, slots, secrets.randbits(62))
