"""The contract of face cameras, on every technique that runs without hardware. Needs PyAV and OpenCV."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import av
import numpy as np
import pytest

from devices import registry
from devices.errors import DeviceUnavailable
from devices.face_camera import reader, timecode
from devices.face_camera.port import FaceCamera, Pause, Picture
from devices.face_camera.reader import CameraReader
from devices.health import Health
from tests.fakes.health_watch import HealthWatch

LIMIT = 10.0


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[str], tuple[FaceCamera, HealthWatch]]]:
    cameras: list[FaceCamera] = []

    def open_one(written: str) -> tuple[FaceCamera, HealthWatch]:
        camera, watch = registry.face_camera(written), HealthWatch()
        cameras.append(camera)
        camera.start(watch)
        return camera, watch

    yield open_one
    for camera in cameras:
        await camera.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("camera:")]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((360, 320), 20 * number, np.uint8), format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("technique", ["simulated", "file"])
async def test_pictures_have_the_shape_of_the_port_and_rising_times(technique: str, opened, clip: Path) -> None:
    camera, watch = opened("simulated:320x240@60" if technique == "simulated" else f"file:{clip}")
    await watch.until("ready")
    feed, last = camera.feed(), 0.0
    async with asyncio.timeout(LIMIT):
        for _ in range(25):  # the clip has 10: it starts again
            picture = await feed.next()
            assert picture.pixels.shape == (360, 320) and picture.pixels.dtype == np.uint8
            assert (picture.width, picture.height) == (320, 240)
            assert picture.taken > last
            last = picture.taken


async def test_the_simulated_picture_tells_the_time(opened) -> None:
    camera, _ = opened("simulated")
    feed = camera.feed()
    before = int(time.time() * 1000)
    for _ in range(5):
        picture = await asyncio.wait_for(feed.next(), LIMIT)
        value = timecode.read(picture.pixels, picture.width)
        assert value is not None
        assert (value - before) % timecode.MODULUS <= int(time.time() * 1000) - before


async def test_two_feeds_see_the_same_and_a_slow_one_only_the_latest(opened) -> None:
    camera, _ = opened("simulated:320x240@60")
    fast, slow = camera.feed(), camera.feed()
    async with asyncio.timeout(LIMIT):
        pictures = [await fast.next() for _ in range(6)]
        late = await slow.next()
    assert late is pictures[-1] or late.taken > pictures[-1].taken


async def test_a_pulled_camera_comes_back_with_one_line_down_and_one_up(
    opened, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.face_camera.simulated.PULLED_AFTER", 0.1)
    caplog.set_level("INFO", "devices")
    camera, watch = opened("simulated:320x240@60,pulled:0.3")
    feed = camera.feed()
    down = await watch.until("unavailable")
    pulled = time.monotonic()
    assert down.code == "unplugged" and camera.health == down
    async with asyncio.timeout(LIMIT):
        while (await feed.next()).taken < pulled:
            pass
    assert time.monotonic() - pulled < 0.3 + 2
    assert camera.health.state == "ready"
    lines = [record.message.split(":")[0] for record in caplog.records]
    assert lines == ["camera simulated is up", "camera simulated is down", "camera simulated is up"]


async def test_freeze_and_dark_look_like_that(opened) -> None:
    camera, _ = opened("simulated:320x240@60,freeze:0")
    feed = camera.feed()
    first, second = await feed.next(), await feed.next()
    assert second.taken > first.taken and (first.pixels == second.pixels).all()
    dark, _ = opened("simulated:320x240@60,dark")
    picture = await asyncio.wait_for(dark.feed().next(), LIMIT)
    assert picture.pixels[:240].max() < 32
    assert timecode.read(picture.pixels, 320) is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("v4l2:/dev/no-such-video", "unplugged"),
        ("v4l2:/dev/null", "cannot_open"),
        ("file:/no/such.mp4", "file_missing"),
    ],
)
async def test_what_is_not_there_is_unavailable(written: str, code: str, opened) -> None:
    camera, watch = opened(written)
    feed = camera.feed()
    assert (await watch.until("unavailable")).code == code
    feed.close()


async def test_a_file_that_is_no_video_is_unavailable(opened, tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(b"not a video" * 1000)
    camera, watch = opened(f"file:{path}")
    camera.feed()
    assert (await watch.until("unavailable")).code == "file_unreadable"


async def test_absent_is_a_camera(opened) -> None:
    camera, watch = opened("absent")
    assert camera.health.state == "absent" and watch.seen == [Health("absent")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(camera.feed().next(), 0.01)


class ScriptedGrabber:
    """A grabber that counts what is asked of it and fails when told."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.closed = threading.Event()
        self.fail: Exception | None = None
        self.silent = False

    def probe(self) -> str:
        return "scripted"

    def open(self) -> None:
        self.closed.clear()
        self.opened.set()

    def grab(self, pause: Pause) -> Picture | None:
        pause(0.002)
        if self.fail is not None:
            fail, self.fail = self.fail, None
            raise fail
        return None if self.silent else Picture(np.zeros((3, 2), np.uint8), 2, 2, time.monotonic())

    def close(self) -> None:
        self.opened.clear()
        self.closed.set()


async def test_it_streams_only_while_somebody_looks() -> None:
    grabber, watch = ScriptedGrabber(), HealthWatch()
    camera = CameraReader("scripted", grabber, linger=0)
    camera.start(watch)
    await watch.until("ready")
    assert not grabber.opened.is_set()
    feed = camera.feed()
    await asyncio.wait_for(feed.next(), LIMIT)
    assert grabber.opened.is_set()
    feed.close()
    assert await asyncio.to_thread(grabber.closed.wait, LIMIT)
    await camera.close()


@pytest.mark.parametrize(
    ("fail", "code"), [(DeviceUnavailable("stuck"), "stuck"), (RuntimeError("bug"), "driver_failed")]
)
async def test_a_failing_driver_is_tried_again(fail: Exception, code: str) -> None:
    grabber, watch = ScriptedGrabber(), HealthWatch()
    camera = CameraReader("scripted", grabber)
    camera.start(watch)
    feed = camera.feed()
    await asyncio.wait_for(feed.next(), LIMIT)
    grabber.fail = fail
    assert (await watch.until("unavailable")).code == code
    watch.seen.clear()
    await watch.until("ready")
    await camera.close()


async def test_a_silent_camera_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SILENCE_SECONDS", 0.05)
    grabber, watch = ScriptedGrabber(), HealthWatch()
    grabber.silent = True
    camera = CameraReader("scripted", grabber)
    camera.start(watch)
    camera.feed()
    assert (await watch.until("unavailable")).code == "no_pictures"
    await camera.close()


async def test_a_late_loop_does_not_pile_up_pictures() -> None:
    grabber = ScriptedGrabber()
    camera = CameraReader("scripted", grabber)
    camera.start(lambda _: None)
    feed = camera.feed()
    await asyncio.wait_for(feed.next(), LIMIT)
    until = time.monotonic() + 0.2
    while time.monotonic() < until:  # the loop is busy: the camera goes on
        pass
    waiting = len(asyncio.get_running_loop()._ready)  # type: ignore[attr-defined]
    assert waiting < 10
    await camera.close()
