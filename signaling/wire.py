"""Payloads of every Socket.IO event: the one definition from which the pages' types are generated.

Every model refuses unknown keys and bounds every string and list. Times are ISO 8601 with zone;
durations are seconds. The protocol in words is in WIRE.md.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_MESSAGE_BYTES = 128 * 1024
"""Larger messages end the connection before they are parsed."""

NAME_LENGTH = 64
Name = Annotated[str, StringConstraints(max_length=NAME_LENGTH)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Text = Annotated[str, StringConstraints(max_length=500)]
Sdp = Annotated[str, StringConstraints(min_length=1, max_length=96 * 1024)]
City = Literal["songjiang", "jiaxing", "hangzhou", "jinhua", "suzhou", "huzhou", "xuancheng", "wuhu", "hefei"]
Part = Literal["page", "agent", "console"]
"""Which media connection of a call: the kiosk has two (page, agent), the staff member one (console)."""

Path = Literal["udp", "tcp", "relay_udp", "relay_tcp", "relay_tls"]
"""Which way a media connection takes: straight to the media worker, or how it reaches the TURN server."""

CallPhase = Literal["waiting", "ringing", "connecting", "talking", "ended"]
EndReason = Literal[
    "visitor_hung_up", "staff_hung_up", "visitor_left", "callback_left", "kiosk_lost", "staff_lost",
    "never_connected", "media_lost", "worker_lost", "server_restarted", "kiosk_revoked", "closing",
]  # fmt: skip
StaffState = Literal["off", "ready", "break", "ringing", "busy", "wrap_up"]
RecordingState = Literal["off", "starting", "writing", "stalled", "paused", "declined"]
"""`paused`: the worker really keeps nothing now."""
Side = Literal["kiosk", "staff"]


class Wire(BaseModel):
    """Base of all payloads: frozen, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---- both ways, both namespaces -------------------------------------------------------------------


class WireError(Wire):
    """What went wrong: a stable code; the sentence is the page's."""

    code: Name
    retryable: bool


class Ack(Wire):
    """Answer to every event."""

    ok: bool
    error: WireError | None = None
    call: Id | None = None


class Empty(Wire):
    """No payload."""


class CallRef(Wire):
    """Name a call."""

    call: Id


class MediaOffer(Wire):
    """The one offer of a media connection, all m-lines in the order of its part."""

    call: Id
    part: Part
    sdp: Sdp
    take_over: bool = False
    """Of a console: take the media of the call from another one of the same person."""


class IceServer(Wire):
    """A TURN server and a credential for this side of this call."""

    urls: list[Annotated[str, StringConstraints(max_length=300)]] = Field(max_length=8)
    username: Name
    credential: Name = Field(repr=False)


class PathNow(Wire):
    """The way that a media connection takes."""

    part: Part
    path: Path


class PathReport(Wire):
    """A client tells which way its media connection takes: once when it is up, and when that changes."""

    call: Id
    part: Part
    path: Path


class Slot(Wire):
    """Where a source of the room arrives: the mid of a receiving m-line."""

    mid: Name
    kind: Literal["audio", "video"]
    source: Literal["kiosk.microphone", "kiosk.face", "kiosk.document", "kiosk.screen",
                    "staff.microphone", "staff.face", "staff.screen",
                    "guest.microphone", "guest.face", "guest.screen", "observer.microphone", ""]  # fmt: skip


class MediaAnswer(Wire):
    """The worker's answer to an offer and what is in its slots."""

    call: Id
    part: Part
    sdp: Sdp
    slots: list[Slot] = Field(max_length=16)


class MediaRefused(Wire):
    """The offer was not taken; the call goes on or ends by its own rules."""

    call: Id
    part: Part
    error: WireError


# ---- kiosk → server -------------------------------------------------------------------------------


class KioskHello(Wire):
    """What the agent tells of itself after each connection."""

    version: Name
    devices: dict[Name, Name] = Field(max_length=32)
    page_open: bool = False


class CallAsk(Wire):
    """A visitor touches "call"."""

    city: City
    item: int = Field(ge=1, le=195)
    recording: Literal["accepted", "declined"]
    request: Id
    """Chosen by the page; the same request twice is one call."""


class CallbackAsk(Wire):
    """Leave a request to be called back; ends the waiting."""

    call: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 -]{5,20}$")]


class CallRate(Wire):
    """Five grades, 5 is best; stored where the staff member cannot see it."""

    call: Id
    grade: int = Field(ge=1, le=5)


# ---- server → kiosk -------------------------------------------------------------------------------


class StaffCard(Wire):
    """Who serves you: shown to the visitor (clause 4.3.3)."""

    name: Name
    number: Name
    centre: Name


class KioskCall(Wire):
    """A call as the kiosk may see it."""

    call: Id
    phase: CallPhase
    city: City
    item: int
    position: int = Field(ge=0)
    """1 is next; 0 when not waiting."""
    ready_staff: int = Field(ge=0)
    """How many staff could take this call, busy or free."""
    choice: bool
    """The visitor is offered to wait on or to leave a call-back request."""
    asked: StaffCard | None = None
    """Who is being rung, then who answered."""
    recording: RecordingState
    suspended_by: list[Side] = Field(default=[], max_length=2)
    """Who has suspended the recording; each lets go of it by itself."""
    media: int = Field(default=1, ge=1)
    """Counts the rooms of the call: when it rises, all media connections are made anew."""
    ice_servers: list[IceServer] = Field(default=[], max_length=4)
    """From the ring until the call has ended: not to be kept longer."""
    relay_only: bool = False
    """Take no way but through the TURN server."""
    asked_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: EndReason | None = None


class KioskMirror(Wire):
    """Everything a kiosk page needs to draw itself: sent after each connection and on request."""

    kiosk: Id
    city: City
    centre: Name
    window: Name
    hours: Name
    recording_policy: Literal["ask", "off"]
    on_decline: Literal["call_without", "offline_window"]
    call: KioskCall | None = None
    server_time: datetime


# ---- staff → server -------------------------------------------------------------------------------


class StaffPause(Wire):
    """Take a break, with its reason."""

    reason: Literal["rest", "meal", "training", "paperwork"]


class CallDecline(Wire):
    """Decline a ring: clause 6.1.2 wants a reason."""

    call: Id
    reason: Literal["busy", "not_my_item", "device_broken", "other"]


class CallOutcome(Wire):
    """What came of the call; ends the wrap-up."""

    call: Id
    outcome: Literal["answered", "filed", "materials_missing", "referred", "callback", "broken_off"]
    note: Text = ""


# ---- server → staff -------------------------------------------------------------------------------


class StaffCall(Wire):
    """A call as its staff member may see it."""

    call: Id
    phase: CallPhase
    kiosk: Id
    kiosk_city: City
    kiosk_centre: Name
    city: City
    item: int
    item_name: Name
    waited: float = Field(ge=0)
    recording: RecordingState
    recording_bytes: int = Field(ge=0)
    suspended_by: list[Side] = Field(default=[], max_length=2)
    """As for the kiosk."""
    suspended_long: bool = False
    """It has been so for minutes: time to ask whether it must stay so."""
    media: int = Field(default=1, ge=1)
    """As for the kiosk; so are the next two."""
    ice_servers: list[IceServer] = Field(default=[], max_length=4)
    relay_only: bool = False
    paths: list[PathNow] = Field(default=[], max_length=3)
    asked_at: datetime
    ring_ends_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: EndReason | None = None
    wrap_up: bool = False


class LineEntry(Wire):
    """One waiting visitor, as shown to staff who could serve them."""

    call: Id
    kiosk_city: City
    city: City
    item: int
    item_name: Name
    asked_at: datetime


class StaffMirror(Wire):
    """Everything the console needs to draw itself."""

    staff: Id
    name: Name
    number: Name
    centre: Name
    state: StaffState
    line: list[LineEntry] = Field(max_length=200)
    call: StaffCall | None = None
    server_time: datetime


class MediaTargets(Wire):
    """How much each picture that the console sends may have, in bit/s; null says nothing of it."""

    call: Id
    face: int | None = Field(default=None, ge=0, le=100_000_000)
    screen: int | None = Field(default=None, ge=0, le=100_000_000)


class RecordingLight(Wire):
    """Bytes really written in the last seconds: what the light shows."""

    call: Id
    state: RecordingState
    bytes_total: int = Field(ge=0)
    bytes_recent: int = Field(ge=0)
