"""The picture of the simulated camera: a calm drawn person before a soft wall."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

PHASES = 48
"""Positions of the slow movement; each is drawn once, when it is first needed, and kept."""

Pixels = NDArray[np.uint8]


class Scene:
    """Give the I420 picture of a phase; only the part that moves is kept per phase."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._unit = min(width, height) / 100
        self._wall = self._draw_wall()
        self._still = _to_i420(self._wall)
        left = max(0, int(width / 2 - 36 * self._unit)) & ~1
        top = int(height / 2 - 36 * self._unit) & ~1
        self._box = (left, top, (width - left) & ~1, height)
        self._moving: dict[int, tuple[Pixels, Pixels]] = {}

    def picture(self, phase: int) -> Pixels:
        """Return a fresh I420 picture of shape (height * 3 // 2, width) that the caller may draw on."""
        parts = self._moving.get(phase % PHASES)
        if parts is None:
            parts = self._moving[phase % PHASES] = self._draw_phase(phase % PHASES)
        left, top, right, bottom = self._box
        pixels = self._still.copy()
        pixels[top:bottom, left:right] = parts[0]
        self._chroma(pixels)[:, top // 2 : bottom // 2, left // 2 : right // 2] = parts[1]
        return pixels

    def _chroma(self, pixels: Pixels) -> Pixels:
        start = self.width * self.height
        return pixels.reshape(-1)[start:].reshape(2, self.height // 2, self.width // 2)

    def _draw_phase(self, phase: int) -> tuple[Pixels, Pixels]:
        bgr = self._wall.copy()
        self._draw_person(bgr, phase)
        pixels = _to_i420(bgr)
        left, top, right, bottom = self._box
        chroma = self._chroma(pixels)[:, top // 2 : bottom // 2, left // 2 : right // 2]
        return pixels[top:bottom, left:right].copy(), chroma.copy()

    def _draw_wall(self) -> Pixels:
        across = np.linspace(0, 1, self.width)[None, :, None]
        down = np.linspace(0, 1, self.height)[:, None, None]
        light, dark = np.array([214, 222, 216]), np.array([168, 176, 172])
        bgr = np.ascontiguousarray((light + (dark - light) * (0.6 * down + 0.4 * across)).astype(np.uint8))
        shelf = int(self.height * 0.42)
        cv2.rectangle(bgr, (0, shelf), (self.width, shelf + int(3 * self._unit)), (150, 160, 170), -1)
        bgr = np.asarray(cv2.GaussianBlur(bgr, (0, 0), max(1.0, 1.5 * self._unit)), np.uint8)
        where = (int(2 * self._unit), self.height - int(4 * self._unit))
        size = self.height / 700
        cv2.putText(bgr, "SIMULATED", where, cv2.FONT_HERSHEY_SIMPLEX, size, (90, 90, 90), 1, cv2.LINE_AA)
        return bgr

    def _draw_person(self, bgr: Pixels, phase: int) -> None:
        unit, angle = self._unit, 2 * math.pi * phase / PHASES
        x = self.width / 2 + 2.2 * unit * math.sin(angle)
        y = self.height / 2 + 0.8 * unit * math.sin(2 * angle)
        floor = self.height + 4 * unit
        _ellipse(bgr, (self.width / 2 + 0.5 * (x - self.width / 2), floor), (33 * unit, 27 * unit), (120, 84, 60))
        _ellipse(bgr, (x, y + 21 * unit), (6 * unit, 9 * unit), (150, 180, 214))
        _ellipse(bgr, (x, y - 4 * unit), (16.5 * unit, 19 * unit), (46, 44, 48))
        _ellipse(bgr, (x, y + 1 * unit), (14 * unit, 18 * unit), (166, 196, 228))
        blink = phase in (11, 12)
        for side in (-1, 1):
            eye = (x + side * 5.4 * unit, y - 1.5 * unit)
            _ellipse(bgr, eye, (2.1 * unit, 0.25 * unit if blink else 1.3 * unit), (60, 56, 52))
        _ellipse(bgr, (x, y + 9.5 * unit), (4.2 * unit, (0.9 + 0.5 * math.sin(3 * angle)) * unit), (98, 98, 176))


def _ellipse(bgr: Pixels, at: tuple[float, float], axes: tuple[float, float], colour: tuple[int, int, int]) -> None:
    # Four fractional bits: the movement is smaller than a pixel per picture.
    centre = (round(at[0] * 16), round(at[1] * 16))
    size = (max(8, round(axes[0] * 16)), max(4, round(axes[1] * 16)))
    cv2.ellipse(bgr, centre, size, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)


def _to_i420(bgr: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
