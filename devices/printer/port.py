"""The port of printers: jobs that are done only when the printer says so."""

from dataclasses import dataclass
from typing import Literal, Protocol

from devices.device import Device
from devices.stream import Subscription

MimeType = Literal["application/pdf", "image/jpeg"]
Media = Literal["a4", "receipt_80mm"]
JobState = Literal["waiting", "printing", "held", "done", "cancelled", "failed"]
Trouble = Literal[
    "", "paper_out", "paper_low", "paper_jam", "cover_open", "toner_out", "toner_low", "offline", "busy",
    "refused", "format", "other",
]  # fmt: skip
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """What to print and how; `title` is shown to people and must not name a person."""

    title: str
    mime_type: MimeType
    media: Media = "a4"
    copies: int = 1
    """1 to 20."""
    duplex: bool = False
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job stands: `held` waits for somebody to help the printer, and `trouble` says with what."""

    number: int
    order: Order
    state: JobState
    trouble: Trouble = ""
    pages: int = 0
    """That came out, as far as the printer tells."""


class Printer(Device, Protocol):
    """A printer with a queue of its own: jobs leave one after the other."""

    def print(self, order: Order, document: bytes) -> Job:
        """Queue a document; raises ValueError for what can never be printed, DeviceUnavailable("queue_full")."""
        ...

    def cancel(self, number: int) -> None:
        """Take a job back, as far as that is still possible; unknown numbers are no error."""
        ...

    def jobs(self) -> Subscription[Job]:
        """Return a reader of every change of every job."""
        ...
