"""The picture of an exported recording: one side large, the other small in its corner."""

import av
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 1280, 720
INSET_WIDTH, INSET_HEIGHT = 320, 240
MARGIN = 24

Planes = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


class Canvas:
    """Draw the newest picture of each side, 8 bits, 4:2:0."""

    def __init__(self) -> None:
        self._main: Planes | None = None
        self._inset: Planes | None = None

    def show_main(self, frame: av.VideoFrame) -> None:
        """Put a picture over the whole canvas, as large as its shape allows."""
        self._main = _scaled(frame, WIDTH, HEIGHT)

    def show_inset(self, frame: av.VideoFrame) -> None:
        """Put a picture into the lower right corner."""
        self._inset = _scaled(frame, INSET_WIDTH, INSET_HEIGHT)

    def draw(self) -> av.VideoFrame:
        """Return the canvas as a new frame."""
        whole = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
        planes = _planes(whole, WIDTH, HEIGHT)
        for plane, dark in zip(planes, (16, 128, 128), strict=True):
            plane[:] = dark
        if self._main is not None:
            height, width = self._main[0].shape
            _put(planes, self._main, (WIDTH - width) // 2, (HEIGHT - height) // 2)
        if self._inset is not None:
            height, width = self._inset[0].shape
            _put(planes, self._inset, WIDTH - MARGIN - width, HEIGHT - MARGIN - height)
        return av.VideoFrame.from_ndarray(whole, "yuv420p")


def _scaled(frame: av.VideoFrame, width: int, height: int) -> Planes:
    scale = min(width / frame.width, height / frame.height)
    fit = [max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height)]
    small = frame.reformat(fit[0], fit[1], "yuv420p").to_ndarray().astype(np.uint8, copy=False)
    return _planes(small, fit[0], fit[1])


def _planes(packed: npt.NDArray[np.uint8], width: int, height: int) -> Planes:
    quarter = width // 2 * (height // 2)
    flat = packed.reshape(-1)
    chroma = flat[width * height :]
    half = (height // 2, width // 2)
    return packed[:height], chroma[:quarter].reshape(half), chroma[quarter : 2 * quarter].reshape(half)


def _put(canvas: Planes, picture: Planes, left: int, top: int) -> None:
    for index, (onto, plane) in enumerate(zip(canvas, picture, strict=True)):
        x, y = (left, top) if index == 0 else (left // 2, top // 2)
        onto[y : y + plane.shape[0], x : x + plane.shape[1]] = plane
