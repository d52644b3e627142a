"""Chinese names as pinyin syllables without tones."""

import re

from pypinyin import Style, lazy_pinyin

READINGS = {
    "还款": ("huan", "kuan"),
    "调档": ("diao", "dang"),
}
"""Words that the dictionary of pypinyin reads wrongly; the longest that matches wins."""

_LATIN = re.compile(r"[a-z0-9]")
_WORD = re.compile("|".join(sorted(map(re.escape, READINGS), key=len, reverse=True)))


def spell(text: str) -> tuple[str, ...]:
    """Return one lower-case syllable per character; letters and digits stand alone, the rest is dropped.

    "ü" is written "v", as it is typed. The reading follows the word: 银行 is "yin hang", 重新 "chong xin".
    """
    syllables: list[str] = []
    at = 0
    for match in _WORD.finditer(text):
        syllables += _read(text[at : match.start()])
        syllables += READINGS[match.group()]
        at = match.end()
    syllables += _read(text[at:])
    return tuple(syllables)


def _read(text: str) -> list[str]:
    # Latin runs come as one string; each of their letters is a syllable, so that "6" keeps its place.
    return lazy_pinyin(text, style=Style.NORMAL, errors=_latin) if text else []


def _latin(run: str) -> list[str]:
    return _LATIN.findall(run.lower())
