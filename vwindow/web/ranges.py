"""Parts of a file as a client asks for them (RFC 9110, 14)."""

import re
from dataclasses import dataclass

from vwindow.errors import Refused

_RANGE = re.compile(r"^bytes=([0-9]{0,15})-([0-9]{0,15})$")


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start` of a file of `size` bytes."""

    start: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


class RangeRefused(Refused):
    """Say that nothing of the range is in the file."""

    def __init__(self, size: int) -> None:
        super().__init__("bad_range", status=416)
        self.size = size


def span_of(header: str | None, size: int) -> Span | None:
    """Return the part that a Range header asks for, None for the whole file; raise RangeRefused.

    Several parts at once and units that we do not know are answered with the whole file, as the RFC allows.
    """
    match = _RANGE.match(header.replace(" ", "")) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise RangeRefused(size)
        return Span(size - length, length, size)
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeRefused(size)
    return Span(start, end - start + 1, size)
