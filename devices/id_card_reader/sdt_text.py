"""The 256 bytes of text on an identity card's chip, in its four layouts; pure.

Text is UTF-16LE, padded with blanks. Bytes 248 and 249 tell the layout: "I", "J" or "Y", and nothing for a citizen's.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from devices.id_card_reader import number
from devices.id_card_reader.port import Card, CardKind, Sex

TEXT_BYTES = 256
LONG_TERM = "长期"

Layout = tuple[tuple[str, int], ...]
"""Names of fields with their bytes, in order; "" is reserved."""

CITIZEN: Layout = (
    ("name", 30), ("sex", 2), ("nation", 4), ("birth", 16), ("address", 70), ("number", 36), ("issuer", 30),
    ("from", 16), ("to", 16), ("", 36),
)  # fmt: skip
HMT_RESIDENCE: Layout = (
    ("name", 30), ("sex", 2), ("", 4), ("birth", 16), ("address", 70), ("number", 36), ("issuer", 30),
    ("from", 16), ("to", 16), ("pass", 18), ("issues", 4), ("", 6), ("flag", 2), ("", 6),
)  # fmt: skip
FOREIGNER_2017: Layout = (
    ("english", 120), ("sex", 2), ("number", 30), ("nation", 6), ("name", 30), ("from", 16), ("to", 16),
    ("birth", 16), ("version", 4), ("issuer", 8), ("flag", 2), ("", 6),
)  # fmt: skip
FOREIGNER_2023: Layout = (
    ("name", 30), ("sex", 2), ("issues", 4), ("birth", 16), ("english", 70), ("number", 36), ("", 30),
    ("from", 16), ("to", 16), ("english_more", 22), ("nation", 6), ("flag", 2), ("old", 6),
)  # fmt: skip

LAYOUTS: Mapping[CardKind, Layout] = {
    "citizen": CITIZEN,
    "hmt_residence": HMT_RESIDENCE,
    "foreigner_2017": FOREIGNER_2017,
    "foreigner_2023": FOREIGNER_2023,
}
FLAGS: Mapping[str, CardKind] = {"J": "hmt_residence", "I": "foreigner_2017", "Y": "foreigner_2023"}
_SEXES: Mapping[str, Sex] = {"1": "male", "2": "female", "9": "unspecified"}
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Control and format characters, which could turn a line around on a screen."""
_CAPITAL = re.compile(r"[A-Z]", re.ASCII)
_DAY = re.compile(r"[0-9]{8}", re.ASCII)


class BadText(ValueError):
    """Say that a text block is none, or of a card that we do not know; `code` is the event's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse(block: bytes, photo_raw: bytes = b"") -> Card:
    """Return the card that a text block describes; raises BadText with code "damaged" or "not_known"."""
    if len(block) != TEXT_BYTES:
        raise BadText("damaged")
    kind = _kind(block)
    found, at = dict.fromkeys(("address", "english_more", "english", "pass", "issues", "nation", "issuer"), ""), 0
    for name, size in LAYOUTS[kind]:
        if name:
            found[name] = _text(block[at : at + size])
        at += size
    # In two parts: the first may end with a blank that belongs to the name.
    found["english"] = (found["english"] + found["english_more"]).strip()
    found = {name: text.strip() for name, text in found.items()}
    if not found["number"] or not (found["name"] or found["english"]):
        raise BadText("damaged")
    right = number.permit_number_right if kind == "foreigner_2017" else number.checksum_right
    return Card(
        kind=kind,
        name=found["name"] or found["english"],
        number=found["number"],
        number_valid=right(found["number"]),
        sex=_SEXES.get(found["sex"], "unknown"),
        nation=found["nation"],
        birth=iso_date(found["birth"]),
        address=found["address"],
        issuer=found["issuer"],
        valid_from=iso_date(found["from"]),
        valid_to="long_term" if found["to"] == LONG_TERM else iso_date(found["to"]),
        english_name=found["english"],
        pass_number=found["pass"],
        issues=found["issues"],
        photo_raw=photo_raw,
    )


def pack(kind: CardKind, fields: Mapping[str, str]) -> bytes:
    """Return the block of a card; raises ValueError for a field that has no room or does not exist."""
    layout = LAYOUTS[kind]
    unknown = fields.keys() - {name for name, _ in layout}
    if unknown:
        raise ValueError(f"{kind} has no {', '.join(sorted(unknown))}")
    block = bytearray()
    for name, size in layout:
        written = fields.get(name, "").encode("utf-16-le")
        if len(written) > size:
            raise ValueError(f"{name} of {kind} has room for {size // 2} characters")
        block += written + " ".encode("utf-16-le") * ((size - len(written)) // 2)
    return bytes(block)


def iso_date(written: str) -> str:
    """Return YYYYMMDD as YYYY-MM-DD, and "" for what is no day."""
    if _DAY.fullmatch(written) is None:
        return ""
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:])).isoformat()
    except ValueError:
        return ""


def _kind(block: bytes) -> CardKind:
    flag = _text(block[248:250]).strip()
    known = FLAGS.get(flag)
    if known is not None:
        return known
    if _CAPITAL.fullmatch(flag):
        # A layout of later years: read as a citizen's it would give nonsense.
        raise BadText("not_known")
    return "citizen"


def _text(field: bytes) -> str:
    """Return a field without what cannot be seen; what is no character becomes U+FFFD."""
    text = field.decode("utf-16-le", "replace")
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)
