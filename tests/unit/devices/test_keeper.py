"""What keeps a device in use: sessions, streams of events, the thread of a library that blocks. Needs nothing."""

import asyncio
import threading
import time

import pytest

from devices.errors import DeviceUnavailable
from devices.keeper import Keeper
from devices.own_thread import OwnThread
from devices.polled import Polled
from devices.simulation import parse_faults
from devices.stream import MAX_WAITING, Stream
from tests.fakes.health_watch import HealthWatch


class PlayedSession:
    """A session whose device is pulled and plugged by the test."""

    def __init__(self) -> None:
        self.plugged = True
        self.served = asyncio.Event()
        self.gone = asyncio.Event()
        self.closed = 0
        self.fail: Exception | None = None

    async def open(self) -> str:
        if self.fail is not None:
            raise self.fail
        if not self.plugged:
            raise DeviceUnavailable("unplugged", "plug it in")
        return "played 1"

    async def serve(self) -> None:
        self.served.set()
        await self.gone.wait()
        raise DeviceUnavailable("unplugged", "plug it in")

    async def close(self) -> None:
        self.closed += 1


async def test_a_pulled_device_is_told_once_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "devices")
    session, watch = PlayedSession(), HealthWatch()
    keeper = Keeper("played", session, retry=0.01)
    keeper.start(watch)
    assert (await watch.until("ready")).identity == "played 1"
    session.plugged = False
    session.gone.set()
    assert (await watch.until("unavailable")).code == "unplugged"
    async with asyncio.timeout(5):
        while session.closed < 5:  # tried again and again
            await asyncio.sleep(0.01)
    session.gone.clear()
    session.plugged = True
    await watch.until("ready")
    await keeper.close()
    assert [health.state for health in watch.seen] == ["ready", "unavailable", "ready"]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "played is up", "played is down", "played is up",
    ]  # fmt: skip


async def test_a_driver_that_fails_is_a_fault_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    session, watch = PlayedSession(), HealthWatch()
    session.fail = ZeroDivisionError("a driver's mistake")
    keeper = Keeper("played", session, retry=0.01)
    keeper.start(watch)
    assert (await watch.until("unavailable")).code == "driver_failed"
    session.fail = None
    await watch.until("ready")
    await keeper.close()
    await keeper.close()


async def test_a_reader_that_is_slow_loses_the_oldest_and_wanted_follows_the_readers() -> None:
    wanted: list[bool] = []
    stream: Stream[int] = Stream(wanted.append)
    first, second = stream.subscribe(), stream.subscribe()
    for number in range(MAX_WAITING + 3):
        stream.put(number)
        assert await first.next() == number
    assert second.dropped == 3 and await second.next() == 3
    second.close()
    second.close()
    assert wanted == [True]
    first.close()
    assert wanted == [True, False]


async def test_calls_are_made_in_order_on_one_thread_and_a_cancelled_one_ends_alone() -> None:
    thread, held = OwnThread("blocking"), threading.Event()
    waiting = asyncio.ensure_future(thread.call(held.wait, 5))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.set()
    names = [await thread.call(lambda: threading.current_thread().name) for _ in range(2)]
    assert names == ["device:blocking"] * 2
    with pytest.raises(ZeroDivisionError):
        await thread.call(lambda: 1 / 0)
    await thread.close()
    assert not [each for each in threading.enumerate() if each.name == "device:blocking"]


async def test_a_thread_that_hangs_takes_no_more_than_sixteen_calls_and_is_left_behind(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.own_thread.JOIN_SECONDS", 0.05)
    thread, held = OwnThread("hung"), threading.Event()
    calls = [asyncio.ensure_future(thread.call(held.wait, 10)) for _ in range(40)]
    began = time.monotonic()
    done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_EXCEPTION)
    assert done and all(isinstance(call.exception(), RuntimeError) for call in done)
    await thread.close()
    assert time.monotonic() - began < 2 and "left behind" in caplog.text
    held.set()
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_a_thread_lets_go_with_its_last_call_and_is_not_waited_for_when_it_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("devices.own_thread.JOIN_SECONDS", 0.05)
    thread, let_go = OwnThread("good"), threading.Event()
    await thread.call(lambda: None)
    await thread.close(let_go.set)
    assert let_go.is_set()
    hung, held = OwnThread("hung"), threading.Event()
    waiting = asyncio.ensure_future(hung.call(held.wait, 10))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await hung.close(let_go.set)
    held.set()
    await waiting


async def test_a_look_that_hangs_is_a_device_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.polled.OPEN_SECONDS", 0.05)
    hangs = asyncio.Event()

    async def look() -> str:
        if hangs.is_set():
            await asyncio.Event().wait()
        return "played 2"

    device, watch = Polled("played", look, 0.01), HealthWatch()
    device.start(watch)
    await watch.until("ready")
    hangs.set()
    assert (await watch.until("unavailable")).code == "no_answer"
    await device.close()


def test_faults_are_read_and_what_is_none_is_given_back() -> None:
    known = {"jam": 3.0, "slow": 0.5}
    assert parse_faults("jam, slow:0.25, a4", known) == ({"jam": 3.0, "slow": 0.25}, ["a4"])
    for wrong in ("jam:nan", "jam:-1", "jam:x", "jam:3601"):
        with pytest.raises(ValueError, match="between 0 and 3600"):
            parse_faults(wrong, known)
