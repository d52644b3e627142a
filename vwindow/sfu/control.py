"""Messages between the server and a media worker: JSON lines over a 0600 Unix socket.

The server asks, the worker replies with the same `id`; events carry no id. Both sides check every message.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAX_LINE_BYTES = 256 * 1024


class Message(BaseModel):
    """Base of all messages: frozen, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Slot(Message):
    mid: str
    kind: Literal["audio", "video"]
    source: str


# ---- server → worker ----


class Hello(Message):
    """First message of a connection: ask who the worker is and which rooms it holds."""

    do: Literal["hello"] = "hello"


class OpenRoom(Message):
    do: Literal["open_room"] = "open_room"
    room: str


class AnswerOffer(Message):
    do: Literal["answer"] = "answer"
    room: str
    part: Literal["page", "agent", "console"]
    sdp: str


class StartRecording(Message):
    do: Literal["record"] = "record"
    room: str
    recording: str
    path: str
    key_hex: str


class CloseRoom(Message):
    """End the room's peers; the reply comes after the journal is whole."""

    do: Literal["close_room"] = "close_room"
    room: str


class AskStats(Message):
    do: Literal["stats"] = "stats"


class Leave(Message):
    """Finish all journals and exit."""

    do: Literal["leave"] = "leave"


Order = Annotated[
    Hello | OpenRoom | AnswerOffer | StartRecording | CloseRoom | AskStats | Leave, Field(discriminator="do")
]


class Request(Message):
    id: int
    order: Order


# ---- worker → server ----


class Reply(Message):
    """Answer to a request; `code` is set when it was refused."""

    id: int
    code: str = ""
    message: str = ""
    retryable: bool = False
    epoch: str = ""
    pid: int = 0
    rooms: list[str] = []
    recordings: dict[str, str] = {}
    """Room → recording that is running."""
    sdp: str = ""
    slots: list[Slot] = []
    stats: dict[str, float] = {}


class PeerChanged(Message):
    """`up`: connected; `silent`: no authenticated packet for 3 s; `back`: again; `gone`: 30 s of silence."""

    event: Literal["peer"] = "peer"
    room: str
    part: Literal["page", "agent", "console"]
    state: Literal["up", "silent", "back", "gone"]


class RecordingProgress(Message):
    """Once a second for each running recording: bytes that are really on disk."""

    event: Literal["recording"] = "recording"
    room: str
    recording: str
    bytes_total: int
    bytes_recent: int
    """In the last 3 s."""
    stalled: bool


class RecordingFailed(Message):
    event: Literal["recording_failed"] = "recording_failed"
    room: str
    recording: str
    message: str


Event = Annotated[PeerChanged | RecordingProgress | RecordingFailed, Field(discriminator="event")]

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
FROM_WORKER: TypeAdapter[Reply | Event] = TypeAdapter(Reply | Event)
