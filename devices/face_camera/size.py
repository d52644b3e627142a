"""How a picture size is written in a driver's options: `1280x720@30`."""

import re
from dataclasses import dataclass

PATTERN = re.compile(r"(\d{2,4})x(\d{2,4})(?:@(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels (even, 64 to 4096), pictures per second (1 to 60)."""

    width: int = 640
    height: int = 480
    rate: int = 30


def parse(written: str) -> Size:
    """Read `WIDTHxHEIGHT` or `WIDTHxHEIGHT@RATE`; raises ValueError."""
    match = PATTERN.fullmatch(written)
    if match is None:
        raise ValueError(f'picture size "{written}" is not like 1280x720@30')
    size = Size(int(match[1]), int(match[2]), int(match[3] or 30))
    if not (64 <= size.width <= 4096 and 64 <= size.height <= 4096 and 1 <= size.rate <= 60):
        raise ValueError(f'picture size "{written}" is out of range')
    if size.width % 2 or size.height % 2:
        raise ValueError(f'picture size "{written}" must be even')
    return size
