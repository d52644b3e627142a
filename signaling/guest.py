"""A connection that was let in."""

from dataclasses import dataclass

from signaling.rate import Bucket

EVENTS_PER_SECOND = 20.0
EVENT_BURST = 60.0


@dataclass(slots=True)
class Guest:
    """An authenticated connection: `owner` is a kiosk or staff id, `sid` the connection itself."""

    owner: str
    bucket: Bucket
    token: str = ""
    refusals: int = 0
    sid: str = ""
    link: str = ""
    """The Engine.IO session under it."""
    here: bool = False
    """Its arrival was acted on."""


def new_guest(owner: str, token: str, now: float) -> Guest:
    """Return a guest with a full bucket at monotonic seconds."""
    return Guest(owner, Bucket.full(EVENTS_PER_SECOND, EVENT_BURST, now), token)
