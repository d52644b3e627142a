"""The port of card readers: what lies on the reader, read only while somebody asks."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from devices.device import Device
from devices.stream import Subscription

CardKind = Literal["citizen", "hmt_residence", "foreigner_2017", "foreigner_2023", "social_security"]
"""Resident identity card; residence permit for Hong Kong, Macau and Taiwan residents; permanent residence card of
foreigners in its two layouts; social-security card."""
Sex = Literal["unknown", "male", "female", "unspecified"]
"""GB/T 2261.1: 0, 1, 2, 9."""


@dataclass(frozen=True, slots=True)
class Card:
    """One card; all that tells who its holder is stays out of `repr`, and so out of logs.

    Dates are ISO 8601 or "" when the card has none; `valid_to` is "long_term" for a card without an end.
    `number_valid` is what the checksum says (GB 11643-1999, ISO 7064 MOD 11-2): a mismatch is shown, never hidden.
    The card of 2017 has no public checksum: there it tells of the shape only.
    """

    kind: CardKind
    name: str = field(repr=False)
    number: str = field(repr=False)
    number_valid: bool
    sex: Sex = field(default="unknown", repr=False)
    nation: str = field(default="", repr=False)
    """Two digits of GB/T 3304 (01 to 56, 97 other, 98 of foreign descent), or a country as it stands on the card."""
    birth: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    valid_from: str = field(default="", repr=False)
    valid_to: str = field(default="", repr=False)
    english_name: str = field(default="", repr=False)
    pass_number: str = field(default="", repr=False)
    issues: str = field(default="", repr=False)
    """How often it was issued or renewed."""
    photo: bytes = field(default=b"", repr=False)
    """JPEG or PNG, empty without a decoder and when the decoder failed."""
    photo_raw: bytes = field(default=b"", repr=False)
    """As it came from the chip (WLT, 1,024 bytes): opaque without the vendor's decoder; empty on cards without one."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was read whole."""

    card: Card


@dataclass(frozen=True, slots=True)
class CardFailed:
    """A card was not read; `code` names why, and it must be lifted and laid down again.

    "removed" is a card that was taken away too early: it is gone, and no CardLifted follows.
    """

    code: Literal["unreadable", "not_known", "removed", "damaged"]


@dataclass(frozen=True, slots=True)
class CardLifted:
    """The card that was read, or could not be, is gone; told before the next card at the latest.

    Some modules do not tell a card that stays from an empty reader after a failure: then it comes with the next card.
    """


CardEvent = CardRead | CardFailed | CardLifted


class IdCardReader(Device, Protocol):
    """A reader that looks for cards only while there is a subscription; each card is told once until it is lifted.

    A card that was told to one subscription is not told to the next: what a visitor left on the reader stays theirs.
    """

    def cards(self) -> Subscription[CardEvent]: ...


class PhotoDecoder(Protocol):
    """Make a picture of a chip's photo: a vendor's library, none is shipped."""

    async def decode(self, raw: bytes) -> bytes:
        """Return JPEG or PNG; raises ValueError for what is no photo and for a decoder that fails or hangs."""
        ...
