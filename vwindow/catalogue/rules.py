"""Whether an item can be done at a virtual window (6.3.1.1), and by which guide mode (6.3.2.3)."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from vwindow.catalogue import data_file

GuideMode = Literal["filing", "push"]
"""`filing`: 在线申报模式; `push`: 综合窗口推送模式."""

EVERYWHERE = "*"
"""The city of a row that holds for each city without a row of its own."""


class Rule(BaseModel):
    """What holds for an item in a city, or in every city ("*")."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: int
    city: str
    virtual: bool
    mode: GuideMode
    confirmed: bool
    """False for a default that the centre has not confirmed yet."""
    note_zh: str = ""
    """Why the visitor is sent to an offline window; empty where `virtual` holds."""
    note_en: str = ""


class RuleBook:
    """The default rules and the rows that the centres put over them."""

    def __init__(self, defaults: Iterable[Rule], own: Iterable[Rule] = ()) -> None:
        self._rules = {(rule.item, rule.city): rule for rule in defaults}
        self._rules.update({(rule.item, rule.city): rule for rule in own})

    @classmethod
    def load(cls, own: Iterable[Rule] = (), edition: str = data_file.EDITION) -> "RuleBook":
        """Read the default rules of an edition; a row of `own` beats the default of the same item and city."""
        rows = data_file.read(f"rules-{edition}.json")["rules"]
        return cls([Rule.model_validate(row) for row in rows], own)

    def __iter__(self) -> Iterator[Rule]:
        """Give all rows by item, "*" before the cities."""
        return (self._rules[key] for key in sorted(self._rules))

    def rule(self, item: int, city: str) -> Rule:
        """Return the row of the city, else the row for every city, else a cautious "not virtual"."""
        own = self._rules.get((item, city)) or self._rules.get((item, EVERYWHERE))
        return own or Rule(item=item, city=city, virtual=False, mode="push", confirmed=False)
