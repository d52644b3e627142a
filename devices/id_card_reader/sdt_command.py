"""The commands of an identity-card module (SAM-V), and which answers may be theirs; pure.

Answers carry no command code: one that comes late looks like the answer to the next command. What a command may be
answered with tells them apart as far as that is possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.id_card_reader.sdt_frame import Answer

OK = 0x90
FOUND = 0x9F
NO_CONTENT = 0x91
NOT_FOUND = 0x80
NOT_SELECTED = 0x81
NOT_READ = 0x41
UNKNOWN_CARD = 0x40
COMMAND_ERROR = 0x21

WORDS: Mapping[int, str] = {
    0x10: "the module got a wrong checksum",
    0x11: "the module got a wrong length",
    COMMAND_ERROR: "the module does not know the command",
    0x23: "the module may not do that",
    0x24: "the module names no reason",
    0x31: "the card refused the module",
    0x32: "the module refused the card",
    0x33: "the card's information is wrong",
    UNKNOWN_CARD: "the module does not know the kind of card",
    NOT_READ: "the card could not be read",
    0x47: "the card gave no random number",
    0x60: "the module failed its self-test",
    0x66: "the module is not authorised",
    NOT_FOUND: "no card",
    NOT_SELECTED: "the card could not be selected",
    OK: "done",
    NO_CONTENT: "the card holds nothing of that",
    FOUND: "a card was found",
}
"""What statuses mean."""

_ALWAYS = frozenset({0x10, 0x11, COMMAND_ERROR, 0x23, 0x24, 0x60, 0x66})
_OF_A_CARD = frozenset({0x31, 0x32, 0x33, UNKNOWN_CARD, NOT_READ, 0x47, NO_CONTENT})


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its body, which statuses may answer it without data, and how much data a good answer has."""

    body: bytes
    good: int
    bare: frozenset[int]
    least: int
    most: int
    seconds: float
    """How long the module may take, without the time on the line."""

    def takes(self, answer: Answer) -> bool:
        """Say whether this answer may be to this command."""
        if answer.status == self.good:
            return self.least <= len(answer.data) <= self.most
        return not answer.data and answer.status in self.bare


STATUS = Command(b"\x11\xff", OK, _ALWAYS, 0, 0, 1.0)
IDENTITY = Command(b"\x12\xff", OK, _ALWAYS, 16, 16, 1.0)
FIND = Command(b"\x20\x01", FOUND, _ALWAYS | {NOT_FOUND}, 4, 4, 1.0)
SELECT = Command(b"\x20\x02", OK, _ALWAYS | {NOT_SELECTED}, 8, 8, 1.0)
READ = Command(b"\x30\x01", OK, _ALWAYS | _OF_A_CARD, 4 + 256, 4 + 256 + 1024, 3.0)
READ_MORE = Command(b"\x30\x03", OK, _ALWAYS | _OF_A_CARD, 1, 1024, 1.0)
"""A later address of the holder; answered only while the card that was read lies there."""


def module_identity(data: bytes) -> str:
    """Return the 16 bytes of IDENTITY as they are printed on modules, like 05.03-20101203-0001234567-0007654321."""
    kind, version = (int.from_bytes(data[at : at + 2], "little") for at in (0, 2))
    day, first, second = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
    return f"{kind:02d}.{version:02d}-{day:08d}-{first:010d}-{second:010d}"
