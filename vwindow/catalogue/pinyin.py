"""Chinese names as pinyin syllables without tones."""

import re

from pypinyin import Style, lazy_pinyin

READINGS = {
    "还款": ("huan", "kuan"),
    "调档": ("diao", "dang"),
}
"""Words that the dictionary of pypinyin reads wrongly."""

_WORDS = re.compile(f"({'|'.join(map(re.escape, READINGS))}|[a-z0-9])")
_NOT_CHINESE = re.compile("[^\u3007\u3400-\u4dbf\u4e00-\u9fff]+")


def spell(text: str) -> tuple[str, ...]:
    """Return one lower-case syllable per character; letters and digits stand alone, the rest is dropped.

    "ü" is written "v", as it is typed. The reading follows the word: 银行 is "yin hang", 重新 "chong xin".
    """
    syllables: list[str] = []
    for part in _WORDS.split(text.lower()):
        if part in READINGS:
            syllables += READINGS[part]
        elif part.isascii():
            syllables += _WORDS.findall(part)
        else:
            # Punctuation ends a word, so that no reading is taken across it.
            for run in _NOT_CHINESE.split(part):
                syllables += lazy_pinyin(run, style=Style.NORMAL)
    return tuple(syllables)
