"""Numbers of identity cards and their checksum (GB 11643-1999, ISO 7064 MOD 11-2)."""

import re

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_FIFTEEN = re.compile(r"[A-Z]{3}[0-9]{12}", re.ASCII)
_CHECK_CHARACTERS = "10X98765432"


def check_character(digits: str) -> str:
    """Return the 18th character for 17 digits."""
    # The weight of place i from the left is 2 ** (17 - i) modulo 11.
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return _CHECK_CHARACTERS[total % 11]


def checksum_right(number: str) -> bool:
    """Say whether a number has 18 characters and the right last one."""
    return _EIGHTEEN.fullmatch(number) is not None and check_character(number[:17]) == number[17]


def permit_number_right(number: str) -> bool:
    """Say whether a number looks like that of a permanent residence card of 2017: a country and 12 digits.

    What its last digit checks is not public, so only the shape can be told.
    """
    return _FIFTEEN.fullmatch(number) is not None
