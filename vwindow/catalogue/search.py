"""Search items by words, pinyin, initials or number.

The pages rank in the same way; `static/core/search-vectors.json` holds examples that both must pass.

**Folding.** `fold(text)`: Unicode NFKC, lower case, "ü" → "v", then every character outside a–z, 0–9, 〇
(U+3007), U+3400–U+4DBF and U+4E00–U+9FFF is dropped.

**Terms.** The query is cut at white space (after NFKC); each part is folded, empty parts are dropped; of what
is left the first 8 terms count, and of each term the first 64 characters. No term: no result.

**Tiers.** A term meets an item in the first of these that holds (the folded name is `name`; its i-th
character has the i-th syllable; `pinyin` is all syllables joined, `initials` their first letters; the words of
an English name are its parts between white space, folded):

0.  the term is the item's number
1.  `name` is the term
2.  `name` starts with the term
3.  `name` contains the term
4.  `pinyin` or `initials` is the term
5.  `pinyin` starts with the term
6.  `initials` starts with the term
7.  a word of the English name is the term
8.  `pinyin` contains the term from the start of a syllable on
9.  `initials` contains the term
10. the term is used up by consecutive characters of `name`, from any of them on, each written either as
    itself or as a non-empty beginning of its syllable ("公积金dk", "gjjdaik")
11. the term has at least two characters, all of them Chinese, and they occur in `name` in this order, with
    gaps ("医保" in 基本医疗保险)
12. a word of the English name starts with the term
13. the item's group: its folded Chinese name contains the term, or its pinyin or initials start with the
    term, or a word of its English name starts with the term
14. the term has only digits and the item's number starts with it

**Ranking.** An item is found when every term meets it. Found items are sorted by the greatest tier of the
terms, then by the sum of the tiers, then the twelve most used items first, then by number.
"""

import unicodedata
from collections.abc import Callable, Iterable

from vwindow.catalogue.groups import Group, GroupList
from vwindow.catalogue.items import Item

MAX_TERMS = 8
MAX_TERM = 64


def fold(text: str) -> str:
    """Return the letters, digits and Chinese characters of the text, in one width and case."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("ü", "v")
    return "".join(char for char in folded if "a" <= char <= "z" or "0" <= char <= "9" or _chinese(char))


def terms(query: str) -> tuple[str, ...]:
    """Cut a query into its folded terms."""
    folded = (fold(part)[:MAX_TERM] for part in unicodedata.normalize("NFKC", query).split())
    return tuple(term for term in folded if term)[:MAX_TERMS]


class Index:
    """The items made ready for searching; pure, so that one index serves all."""

    def __init__(self, items: Iterable[Item], groups: GroupList) -> None:
        shelves = {group.group: _Shelf(group) for group in groups}
        self._entries = tuple(_Entry(item, shelves[item.group]) for item in items)

    def search(self, query: str, limit: int | None = None) -> list[int]:
        """Return the numbers of the found items, best first, at most `limit`."""
        wanted = terms(query)
        if not wanted:
            return []
        found: list[tuple[int, int, bool, int]] = []
        for entry in self._entries:
            tiers = [tier for term in wanted if (tier := entry.tier(term)) is not None]
            if len(tiers) == len(wanted):
                found.append((max(tiers), sum(tiers), not entry.common, entry.number))
        return [number for *_, number in sorted(found)][:limit]


class _Shelf:
    """A group as a search sees it."""

    def __init__(self, group: Group) -> None:
        self._name = fold(group.zh)
        self._pinyin = group.pinyin
        self._initials = group.initials
        self._words = _words(group.en)

    def meets(self, term: str) -> bool:
        return (
            term in self._name
            or self._pinyin.startswith(term)
            or self._initials.startswith(term)
            or any(word.startswith(term) for word in self._words)
        )


class _Entry:
    """An item as a search sees it."""

    def __init__(self, item: Item, shelf: _Shelf) -> None:
        self.number = item.number
        self.common = item.common
        self._digits = str(item.number)
        self._name = fold(item.name)
        self._syllables = item.syllables.split()
        # What each character may be written as: itself, or any beginning of its syllable.
        self._writings = tuple(
            (char, *(syllable[:size] for size in range(1, len(syllable) + 1)))
            for char, syllable in zip(self._name, self._syllables, strict=True)
        )
        self._pinyin = item.pinyin
        self._initials = item.initials
        self._words = _words(item.en)
        self._shelf = shelf

    def tier(self, term: str) -> int | None:
        """Return the first tier in which the term meets the item, or None."""
        tests: tuple[Callable[[], bool], ...] = (
            lambda: term == self._digits,
            lambda: self._name == term,
            lambda: self._name.startswith(term),
            lambda: term in self._name,
            lambda: term in (self._pinyin, self._initials),
            lambda: self._pinyin.startswith(term),
            lambda: self._initials.startswith(term),
            lambda: term in self._words,
            lambda: self._spelled_within(term),
            lambda: term in self._initials,
            lambda: any(self._mixed_from(start, term) for start in range(len(self._name))),
            lambda: self._in_order(term),
            lambda: any(word.startswith(term) for word in self._words),
            lambda: self._shelf.meets(term),
            lambda: term.isdigit() and self._digits.startswith(term),
        )
        return next((tier for tier, test in enumerate(tests) if test()), None)

    def _spelled_within(self, term: str) -> bool:
        at = 0
        for syllable in self._syllables:
            if self._pinyin.startswith(term, at):
                return True
            at += len(syllable)
        return False

    def _mixed_from(self, start: int, term: str) -> bool:
        # All places in the term that can be reached with the characters so far.
        reached = {0}
        for writings in self._writings[start:]:
            reached = {at + len(part) for at in reached for part in writings if term.startswith(part, at)}
            if len(term) in reached:
                return True
            if not reached:
                return False
        return False

    def _in_order(self, term: str) -> bool:
        if len(term) < 2 or not all(map(_chinese, term)):
            return False
        rest = iter(self._name)
        return all(char in rest for char in term)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split() if (word := fold(part)))


def _chinese(char: str) -> bool:
    return char == "〇" or "\u3400" <= char <= "\u4dbf" or "\u4e00" <= char <= "\u9fff"
