"""Messages between the server and a media worker: JSON lines over a 0600 Unix socket.

The server asks, the worker replies with the same `id`; events carry no id. Both sides check every message.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL = 3
"""Raised with every change that a worker of the version before would not understand: a server takes over only a
worker that speaks its own version."""
MAX_LINE_BYTES = 256 * 1024


class Message(BaseModel):
    """Base of all messages: frozen, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Slot(Message):
    mid: str
    kind: Literal["audio", "video"]
    source: str


# ---- server → worker ----


Video = Literal["vp8", "h264"]


class Hello(Message):
    """First message of a connection: ask who the worker is and which rooms it holds."""

    do: Literal["hello"] = "hello"


class OpenRoom(Message):
    do: Literal["open_room"] = "open_room"
    room: str
    media: int = 1
    """How often the call's media have begun: the worker keeps it for a server that comes back."""
    video: Video = "vp8"
    """What all pictures of the room are; an offer without it is refused with `no_h264`."""


class AnswerOffer(Message):
    do: Literal["answer"] = "answer"
    room: str
    part: Literal["page", "agent", "console", "guest", "observer"]
    sdp: str


class AnswerStream(Message):
    """Answer the offer of one stream that is published (whip) or played (whep); the reply names it."""

    do: Literal["answer_stream"] = "answer_stream"
    room: str
    part: Literal["whip", "whep"]
    side: str
    source: str
    sdp: str


class EndStream(Message):
    do: Literal["end_stream"] = "end_stream"
    room: str
    resource: str


class Grant(Message):
    """Let a source of a room be heard, seen and recorded, or not any more; needs no new offer."""

    do: Literal["grant"] = "grant"
    room: str
    source: str
    on: bool


class StartRecording(Message):
    do: Literal["record"] = "record"
    room: str
    recording: str
    path: str
    key_hex: str
    suspended_by: list[str] = []
    """Begin suspended when somebody is named: the recording goes on from a part that was."""


class PauseRecording(Message):
    """Suspend a room's recording: nothing of what is said and shown from now on is kept."""

    do: Literal["pause_recording"] = "pause_recording"
    room: str
    by: list[str] = Field(min_length=1, max_length=4)
    """Who wants it: kept for a server that comes back."""


class ResumeRecording(Message):
    do: Literal["resume_recording"] = "resume_recording"
    room: str


class CloseRoom(Message):
    """End the room's peers; the reply comes after the journal is whole."""

    do: Literal["close_room"] = "close_room"
    room: str


class AskStats(Message):
    do: Literal["stats"] = "stats"


class Drain(Message):
    """Take no new room, and leave when the last one is closed.

    Like `stats` it may come from a second connection, which then does not count as the server.
    """

    do: Literal["drain"] = "drain"


class Leave(Message):
    """Finish all journals and exit."""

    do: Literal["leave"] = "leave"


Order = Annotated[
    Hello
    | OpenRoom
    | AnswerOffer
    | AnswerStream
    | EndStream
    | Grant
    | StartRecording
    | PauseRecording
    | ResumeRecording
    | CloseRoom
    | AskStats
    | Drain
    | Leave,
    Field(discriminator="do"),
]


class Request(Message):
    id: int
    order: Order


# ---- worker → server ----


class HeldRoom(Message):
    """A room that a worker has, for a server that comes back."""

    room: str
    media: int
    up: list[str]
    """Parts whose connection is there."""
    suspended_by: list[str] = []
    """Who has suspended its recording."""
    grants: list[str] = []
    """Sources that are granted."""
    video: Video = "vp8"


class Reply(Message):
    """Answer to a request; `code` is set when it was refused."""

    id: int
    code: str = ""
    message: str = ""
    retryable: bool = False
    protocol: int = 1
    epoch: str = ""
    mark: str = ""
    """What the worker was started with, as its server named it."""
    pid: int = 0
    rooms: list[str] = []
    recordings: dict[str, str] = {}
    """Room → recording that is running."""
    held: list[HeldRoom] = []
    sdp: str = ""
    slots: list[Slot] = []
    resource: str = ""
    """The name of a stream that was answered."""
    stats: dict[str, float] = {}


class PeerChanged(Message):
    """`up`: connected; `silent`: no authenticated packet for 3 s; `back`: again; `gone`: 30 s of silence."""

    event: Literal["peer"] = "peer"
    room: str
    part: Literal["page", "agent", "console", "guest", "observer"]
    state: Literal["up", "silent", "back", "gone"]


class StreamChanged(Message):
    """As `PeerChanged`, for a stream."""

    event: Literal["stream"] = "stream"
    room: str
    part: Literal["whip", "whep"]
    resource: str
    state: Literal["up", "silent", "back", "gone"]


class SpeakerChanged(Message):
    """Whose voice leads now, "" for nobody's; at most twice a second."""

    event: Literal["speaker"] = "speaker"
    room: str
    source: str


class TargetsChanged(Message):
    """What each picture of a browser may have in bit/s, by source; on a change, at most once a second, or each 10 s."""

    event: Literal["targets"] = "targets"
    room: str
    part: Literal["page", "agent", "console", "guest", "observer"]
    targets: dict[str, int]


class RecordingProgress(Message):
    """Once a second for each running recording: bytes that are really on disk."""

    event: Literal["recording"] = "recording"
    room: str
    recording: str
    bytes_total: int
    bytes_recent: int
    """In the last 3 s."""
    stalled: bool
    paused: bool = False


class RecordingFailed(Message):
    event: Literal["recording_failed"] = "recording_failed"
    room: str
    recording: str
    message: str


Event = Annotated[
    PeerChanged | StreamChanged | SpeakerChanged | TargetsChanged | RecordingProgress | RecordingFailed,
    Field(discriminator="event"),
]

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
FROM_WORKER: TypeAdapter[Reply | Event] = TypeAdapter(Reply | Event)
