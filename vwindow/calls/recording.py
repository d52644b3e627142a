"""The recording of a call: a small machine beside the call's phase.

Rules: it is `starting` from the order until bytes are really on disk, `writing` only while they keep coming,
`stalled` when they do not; a recording that failed shows as stalled, never as off. A declined one never starts.
It is `paused` when the worker really keeps nothing, not when that was ordered; what a side has suspended stays so in
all further parts. The end of the call turns it off, and what comes later changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from vwindow.calls.events import Event, RecordingFailed, RecordingPaused, RecordingStalled, RecordingWrote, Side


class RecordingState(StrEnum):
    OFF = "off"
    STARTING = "starting"
    WRITING = "writing"
    STALLED = "stalled"
    PAUSED = "paused"
    DECLINED = "declined"


RECORDING: dict[RecordingState, dict[type[Event], RecordingState]] = {
    RecordingState.OFF: {},
    RecordingState.STARTING: {
        RecordingWrote: RecordingState.WRITING,
        RecordingPaused: RecordingState.PAUSED,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.WRITING: {
        RecordingWrote: RecordingState.WRITING,
        RecordingPaused: RecordingState.PAUSED,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.STALLED: {
        RecordingWrote: RecordingState.WRITING,
        RecordingPaused: RecordingState.PAUSED,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.PAUSED: {
        RecordingWrote: RecordingState.WRITING,
        RecordingPaused: RecordingState.PAUSED,
        RecordingStalled: RecordingState.STALLED,
        RecordingFailed: RecordingState.STALLED,
    },
    RecordingState.DECLINED: {},
}

RUNNING = frozenset(RecordingState) - {RecordingState.OFF, RecordingState.DECLINED}
"""States in which the light has something to show."""

Progress = RecordingWrote | RecordingPaused | RecordingStalled | RecordingFailed


@dataclass(slots=True)
class CallRecording:
    """Where the recording stands and the bytes that are really on disk."""

    state: RecordingState = RecordingState.OFF
    bytes_total: int = 0
    bytes_recent: int = 0
    bytes_before: int = 0
    """Of the parts before the present one."""
    suspended_by: tuple[Side, ...] = ()
    """Who wants nothing kept now."""
    suspended_long: bool = False
    """It has been so for longer than a password takes."""

    def start(self) -> None:
        """Note that the order to record was given, for the first or a further part."""
        self.state = RecordingState.STARTING
        self.bytes_before, self.bytes_recent = self.bytes_total, 0

    def stop(self) -> None:
        """Turn off at the end of the call; "declined" stays, it is a fact about the call."""
        if self.state is not RecordingState.DECLINED:
            self.state = RecordingState.OFF
        self.bytes_recent = 0
        self.suspended_by, self.suspended_long = (), False

    def hold(self, side: Side) -> bool:
        """Note that a side wants nothing kept; return whether that is new."""
        if side in self.suspended_by:
            return False
        self.suspended_by = (*self.suspended_by, side)
        return True

    def release(self, side: Side) -> bool:
        """Note that a side lets go of its suspension; return whether it had one."""
        if side not in self.suspended_by:
            return False
        self.suspended_by = tuple(other for other in self.suspended_by if other != side)
        self.suspended_long &= bool(self.suspended_by)
        return True

    def advance(self, event: Progress) -> bool:
        """Take in news of the writer; return whether the state is another one now."""
        after = RECORDING[self.state].get(type(event))
        if after is None:
            return False
        if isinstance(event, RecordingWrote):
            if event.bytes_total == 0:
                return False
            self.bytes_total, self.bytes_recent = self.bytes_before + event.bytes_total, event.bytes_recent
        elif isinstance(event, RecordingStalled | RecordingPaused):
            self.bytes_total, self.bytes_recent = self.bytes_before + event.bytes_total, 0
        else:
            self.bytes_recent = 0
        changed = after is not self.state
        self.state = after
        return changed

    @property
    def running(self) -> bool:
        """Whether the light has something to show."""
        return self.state in RUNNING
