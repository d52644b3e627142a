"""What the pages are shown: plain frozen facts; `signaling` turns them into wire payloads, field by field."""

from dataclasses import dataclass, field
from datetime import datetime

from vwindow.ids import CallId, KioskId, StaffId


@dataclass(frozen=True, slots=True)
class SlotView:
    """A receiving m-line and what the room puts into it ("" for nothing yet)."""

    mid: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class IceServerView:
    """A TURN server and the credential of one side of one call for it."""

    urls: tuple[str, ...]
    username: str
    credential: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PathView:
    """The way that a media connection takes."""

    part: str
    path: str


@dataclass(frozen=True, slots=True)
class StaffCardView:
    name: str
    number: str
    centre: str


@dataclass(frozen=True, slots=True)
class KioskCallView:
    """Same fields as signaling.wire.KioskCall."""

    call: CallId
    phase: str
    city: str
    item: int
    position: int
    ready_staff: int
    choice: bool
    asked: StaffCardView | None
    recording: str
    suspended_by: tuple[str, ...]
    media: int
    asked_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    ice_servers: tuple[IceServerView, ...] = ()
    relay_only: bool = False


@dataclass(frozen=True, slots=True)
class KioskView:
    """Same fields as signaling.wire.KioskMirror."""

    kiosk: KioskId
    city: str
    centre: str
    window: str
    hours: str
    recording_policy: str
    on_decline: str
    call: KioskCallView | None
    server_time: datetime


@dataclass(frozen=True, slots=True)
class StaffCallView:
    """Same fields as signaling.wire.StaffCall."""

    call: CallId
    phase: str
    kiosk: KioskId
    kiosk_city: str
    kiosk_centre: str
    city: str
    item: int
    item_name: str
    waited: float
    recording: str
    recording_bytes: int
    suspended_by: tuple[str, ...]
    suspended_long: bool
    media: int
    asked_at: datetime
    ring_ends_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    wrap_up: bool
    ice_servers: tuple[IceServerView, ...] = ()
    relay_only: bool = False
    paths: tuple[PathView, ...] = ()


@dataclass(frozen=True, slots=True)
class LineEntryView:
    call: CallId
    kiosk_city: str
    city: str
    item: int
    item_name: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class StaffView:
    """Same fields as signaling.wire.StaffMirror."""

    staff: StaffId
    name: str
    number: str
    centre: str
    state: str
    line: tuple[LineEntryView, ...]
    call: StaffCallView | None
    server_time: datetime
