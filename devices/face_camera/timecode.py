"""A moving time code in the picture, readable by a program on the other end.

32 square cells in the top-left corner, 2 rows of 16, row 0 first, left to right in each row. A cell is
`2 * (width // 64)` pixels wide and high (1/32 of the width, so the code takes half of it): at 640x480 it is
20 pixels. White (Y 235) is 1, black (Y 16) is 0; chroma is neutral.

Cells 0 to 23 hold the value, most significant bit first: unix time in milliseconds modulo 2^24 (it wraps
every 4 h 39 min). Cells 24 to 31 hold the check, most significant bit first:
`((v >> 16) ^ (v >> 8) ^ v ^ 0xA5) & 255`.

To read: the mean brightness of the middle half of each cell, against 126; a wrong check means unreadable.
A receiver that got the picture scaled uses 1/32 of the width it got.
"""

import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 16, 2
MODULUS = 1 << 24
WHITE, BLACK, NEUTRAL = 235, 16, 128


def cell_pixels(width: int) -> int:
    """Return the edge of a cell in pixels; even, so that chroma falls on whole samples."""
    return 2 * (width // 64)


def check_of(value: int) -> int:
    """Return the 8 check bits of a 24-bit value."""
    return ((value >> 16) ^ (value >> 8) ^ value ^ 0xA5) & 0xFF


def write(pixels: NDArray[np.uint8], width: int, height: int, unix_ms: int) -> None:
    """Draw the code for `unix_ms` into an I420 picture of shape (height * 3 // 2, width), in place."""
    value = unix_ms % MODULUS
    word = value << 8 | check_of(value)
    bits = (word >> np.arange(31, -1, -1)) & 1
    cells = np.where(bits.reshape(ROWS, COLUMNS) == 1, WHITE, BLACK).astype(np.uint8)
    edge = cell_pixels(width)
    pixels[: ROWS * edge, : COLUMNS * edge] = cells.repeat(edge, axis=0).repeat(edge, axis=1)
    chroma = pixels.reshape(-1)[width * height :].reshape(2, height // 2, width // 2)
    chroma[:, : ROWS * edge // 2, : COLUMNS * edge // 2] = NEUTRAL


def read(pixels: NDArray[np.uint8], width: int) -> int | None:
    """Return the value of the code in a picture whose first rows are luma, or None when unreadable."""
    edge = width / 32
    word = 0
    for cell in range(ROWS * COLUMNS):
        row, column = divmod(cell, COLUMNS)
        top, left = (row + 0.25) * edge, (column + 0.25) * edge
        middle = pixels[int(top) : int(top + edge / 2) + 1, int(left) : int(left + edge / 2) + 1]
        word = word << 1 | int(middle.mean() > 126)
    value = word >> 8
    return value if word & 0xFF == check_of(value) else None
