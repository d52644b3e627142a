"""The recording of a call: a small machine beside the call's phase.

Rules: it is `starting` from the order until bytes are really on disk, `writing` only while they keep coming,
`stalled` when they do not; a recording that failed shows as stalled, never as off. A declined one never starts.
The end of the call turns it off, and what comes later changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from vwindow.calls.events import Event, RecordingFailed, RecordingStalled, RecordingWrote


class RecordingState(StrEnum):
    OFF = "off"
    STARTING = "starting"
    WRITING = "writing"
    STALLED = "stalled"
    DECLINED = "declined"


RECORDING: dict[RecordingState, dict[type[Event], RecordingState]] = {
    RecordingState.OFF: {},
    RecordingState.STARTING: {
        RecordingWrote: RecordingState.WRITING,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.WRITING: {
        RecordingWrote: RecordingState.WRITING,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.STALLED: {
        RecordingWrote: RecordingState.WRITING,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.DECLINED: {},
}


@dataclass(slots=True)
class CallRecording:
    """Where the recording stands and the bytes that are really on disk."""

    state: RecordingState = RecordingState.OFF
    bytes_total: int = 0
    bytes_recent: int = 0
    bytes_before: int = 0
    """Of the parts before the present one."""

    def start(self) -> None:
        """Note that the order to record was given, for the first or a further part."""
        self.state = RecordingState.STARTING
        self.bytes_before, self.bytes_recent = self.bytes_total, 0

    def stop(self) -> None:
        """Turn off at the end of the call; "declined" stays, it is a fact about the call."""
        if self.state is not RecordingState.DECLINED:
            self.state = RecordingState.OFF
        self.bytes_recent = 0

    def advance(self, event: RecordingWrote | RecordingStalled | RecordingFailed) -> bool:
        """Take in news of the writer; return whether the state is another one now."""
        after = RECORDING[self.state].get(type(event))
        if after is None:
            return False
        if isinstance(event, RecordingWrote):
            if event.bytes_total == 0:
                return False
            self.bytes_total, self.bytes_recent = self.bytes_before + event.bytes_total, event.bytes_recent
        elif isinstance(event, RecordingStalled):
            self.bytes_total, self.bytes_recent = self.bytes_before + event.bytes_total, 0
        else:
            self.bytes_recent = 0
        changed = after is not self.state
        self.state = after
        return changed

    @property
    def running(self) -> bool:
        """Whether the light has something to show."""
        return self.state in (RecordingState.STARTING, RecordingState.WRITING, RecordingState.STALLED)
