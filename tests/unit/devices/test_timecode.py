"""The time code of the simulated picture. Needs numpy and OpenCV."""

import random

import cv2
import numpy as np
import pytest

from devices.face_camera import timecode


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (320, 240), (642, 482)])
def test_what_is_written_is_read(width: int, height: int) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    source = random.Random(seed)
    for unix_ms in [0, timecode.MODULUS - 1, timecode.MODULUS, *(source.randrange(1 << 42) for _ in range(50))]:
        pixels = np.full((height * 3 // 2, width), 90, np.uint8)
        timecode.write(pixels, width, height, unix_ms)
        assert timecode.read(pixels, width) == unix_ms % timecode.MODULUS


def test_it_takes_half_the_width_and_two_rows() -> None:
    pixels = np.full((720, 640), 90, np.uint8)
    timecode.write(pixels, 640, 480, 12345)
    assert timecode.cell_pixels(640) == 20
    assert set(np.unique(pixels[:40, :320])) <= {16, 235}
    assert (pixels[40:480] == 90).all() and (pixels[:480, 320:] == 90).all()


def test_a_scaled_picture_is_still_read() -> None:
    pixels = np.full((720, 640), 90, np.uint8)
    timecode.write(pixels, 640, 480, 9_876_543)
    small = np.asarray(cv2.resize(pixels[:480], (480, 360), interpolation=cv2.INTER_AREA), np.uint8)
    assert timecode.read(small, 480) == 9_876_543


def test_damage_is_noticed() -> None:
    pixels = np.full((720, 640), 90, np.uint8)
    timecode.write(pixels, 640, 480, 12345)
    pixels[:20, 60:80] = 251 - pixels[:20, 60:80]
    assert timecode.read(pixels, 640) is None
    assert timecode.read(np.zeros((720, 640), np.uint8), 640) is None
