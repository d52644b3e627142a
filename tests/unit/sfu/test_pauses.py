"""A room's recording suspended and going on."""

import pytest

from tests.fakes.floor import DELTA, KEY, Floor
from tests.unit.sfu.test_room import FACE, call
from vwindow.errors import Refused
from vwindow.sfu.control import RecordingProgress


async def test_a_pause_reaches_the_recorder_and_is_no_stall(floor: Floor) -> None:
    agent, _, _ = await call(floor)
    with pytest.raises(Refused):
        floor.room.suspend_recording(["staff"])
    floor.room.record("rec", "/nowhere", bytes(32))
    (recording,) = floor.recorder.recordings
    agent.rtp(FACE, 0, KEY)
    floor.run(1)
    floor.room.suspend_recording(["staff"])
    told = floor.events[-1]
    assert isinstance(told, RecordingProgress) and told.paused, "told at once, not with the next second"
    floor.room.suspend_recording(["staff", "kiosk"])
    assert floor.room.suspended_by == ["staff", "kiosk"]
    assert recording.paused
    recording.stuck = True
    floor.events.clear()
    for seq in range(1, 8):
        agent.rtp(FACE, seq, DELTA)
        floor.run(1)
    told = [event for event in floor.events if isinstance(event, RecordingProgress)]
    assert len(told) == 7 and all(event.paused and not event.stalled for event in told)
    floor.room.suspend_recording([])
    assert not recording.paused
    floor.run(1)
    told = [event for event in floor.events if isinstance(event, RecordingProgress)]
    assert not told[-1].paused and not told[-1].stalled


async def test_a_recording_may_begin_suspended(floor: Floor) -> None:
    await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32), ["kiosk"])
    assert floor.recorder.recordings[0].paused and floor.room.suspended_by == ["kiosk"]


async def test_a_disk_that_fails_is_told_at_the_next_second(floor: Floor) -> None:
    agent, _, _ = await call(floor)
    floor.room.record("rec", "/nowhere", bytes(32))
    agent.rtp(FACE, 0, KEY)
    floor.run(1)
    floor.recorder.recordings[0].failure = "No space left on device"
    floor.run(1)
    told = [event for event in floor.events if isinstance(event, RecordingProgress)]
    assert told[-1].stalled
