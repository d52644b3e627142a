"""Who is there: the link of a kiosk or console, and the media of each side of a call.

Rules: a link is `here` or `away`; being away ends nothing by itself, the grace timer does. Media of a side are
`down` until all its connections are up; `lost` is for good.
"""

from enum import StrEnum

from vwindow.calls.events import (
    Event,
    KioskConnected,
    KioskLost,
    MediaLost,
    MediaUp,
    StaffConnected,
    StaffLost,
)


class Link(StrEnum):
    HERE = "here"
    AWAY = "away"


class Media(StrEnum):
    DOWN = "down"
    UP = "up"
    LOST = "lost"


LINKS: dict[Link, dict[type[Event], Link]] = {
    Link.HERE: {KioskLost: Link.AWAY, StaffLost: Link.AWAY},
    Link.AWAY: {KioskConnected: Link.HERE, StaffConnected: Link.HERE},
}

MEDIA: dict[Media, dict[type[Event], Media]] = {
    Media.DOWN: {MediaUp: Media.UP, MediaLost: Media.LOST},
    Media.UP: {MediaLost: Media.LOST},
    Media.LOST: {},
}


def next_link(link: Link, event: Event) -> Link:
    """Return the link after the event; what is not in the table changes nothing."""
    return LINKS[link].get(type(event), link)


def next_media(media: Media, event: Event) -> Media:
    """Return a side's media after the event; what is not in the table changes nothing."""
    return MEDIA[media].get(type(event), media)
