"""Keyboards and mice as the Linux kernel lists them in /proc/bus/input/devices."""

import re
from pathlib import Path
from typing import Literal

from devices.errors import DeviceUnavailable
from devices.polled import Polled

LIST = Path("/proc/bus/input/devices")
MAX_BYTES = 256 * 1024
What = Literal["keyboard", "mouse"]
LETTERS = {16, 30, 44, 57}
"""Q, A, Z and space (linux/input-event-codes.h): what a full keyboard has and a power button has not."""


def names(listed: str, what: What) -> list[str]:
    """Return the names of the devices of a kind in the kernel's list; of what makes no sense nothing."""
    found = []
    for block in listed.split("\n\n"):
        name = re.search(r'^N: Name="(.*)"$', block, re.MULTILINE)
        handlers = re.search(r"^H: Handlers=(.*)$", block, re.MULTILINE)
        if name is None or handlers is None:
            continue
        if what == "mouse":
            if re.search(r"\bmouse\d+\b", handlers[1]):
                found.append(name[1])
        elif re.search(r"\bkbd\b", handlers[1]) and _keys(block) >= LETTERS:
            found.append(name[1])
    return found


def _keys(block: str) -> set[int]:
    row = re.search(r"^B: KEY=([0-9a-f ]{1,400})$", block, re.MULTILINE)
    keys: set[int] = set()
    for index, word in enumerate(reversed(row[1].split() if row else [])):
        bits = int(word, 16)
        keys |= {64 * index + bit for bit in range(64) if bits >> bit & 1}
    return keys


class KernelInput(Polled):
    """A keyboard or mouse that is there while the kernel lists one."""

    def __init__(self, what: What, wanted: str, path: Path = LIST) -> None:
        super().__init__(f"{what} linux", self._look)
        self._what = what
        self._wanted = wanted.lower()
        self._path = path
        self.last_used: float | None = None

    async def _look(self) -> str:
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                listed = file.read(MAX_BYTES)
        except OSError as error:
            raise DeviceUnavailable("cannot_open", f"{self._path}: {error.strerror}") from error
        found = [name for name in names(listed, self._what) if self._wanted in name.lower()]
        if not found:
            raise DeviceUnavailable("unplugged", f"plug the {self._what} in")
        return found[0]
