"""Rules and guides: a city beats "*", the newest version counts, defaults are not confirmed."""

import pytest
from pydantic import ValidationError

from vwindow.catalogue.guides import Guide, GuideBook, Link
from vwindow.catalogue.rules import Rule, RuleBook

OFFLINE = {29, 31, 32, 62, 103, 117}


def guide(item: int, city: str, version: int) -> Guide:
    return Guide(
        item=item, city=city, version=version, materials=(), steps=(), links=(), mode="push", days=1, minutes=10
    )


def test_every_item_has_one_unconfirmed_default() -> None:
    rules = list(RuleBook.load())
    assert [(rule.item, rule.city) for rule in rules] == [(number, "*") for number in range(1, 196)]
    assert not any(rule.confirmed for rule in rules)


def test_what_needs_presence_goes_to_the_offline_window_and_says_why() -> None:
    for rule in RuleBook.load():
        assert rule.virtual == (rule.item not in OFFLINE)
        assert bool(rule.note_zh) == bool(rule.note_en) == (not rule.virtual)


@pytest.mark.parametrize(("item", "mode"), [(1, "push"), (64, "push"), (86, "filing"), (106, "filing"), (128, "push")])
def test_intakes_are_pushed_and_queries_are_filed_online(item: int, mode: str) -> None:
    assert RuleBook.load().rule(item, "songjiang").mode == mode


def test_a_citys_own_row_beats_the_row_for_all() -> None:
    own = Rule(item=62, city="hefei", virtual=True, mode="filing", confirmed=True)
    book = RuleBook.load([own])
    assert book.rule(62, "hefei") == own
    assert not book.rule(62, "wuhu").virtual
    changed = Rule(item=62, city="*", virtual=True, mode="filing", confirmed=True)
    assert RuleBook.load([changed]).rule(62, "wuhu") == changed


def test_an_item_without_a_rule_is_not_promised_at_a_virtual_window() -> None:
    rule = RuleBook([]).rule(7, "wuhu")
    assert (rule.virtual, rule.confirmed) == (False, False)


def test_the_newest_version_of_the_nearest_guide_counts() -> None:
    book = GuideBook([guide(1, "*", 2), guide(1, "*", 3), guide(1, "*", 1), guide(1, "hefei", 1)])
    found = book.guide(1, "wuhu")
    assert found is not None
    assert found.version == 3
    assert book.guide(1, "hefei") == guide(1, "hefei", 1)
    assert book.guide(2, "hefei") is None
    assert [(g.item, g.city) for g in book] == [(1, "*"), (1, "hefei")]


@pytest.mark.parametrize("url", ["http://csj.sh.gov.cn/", "javascript:alert(1)", "https://user@host/", "https://a b/"])
def test_a_link_is_a_plain_https_address(url: str) -> None:
    with pytest.raises(ValidationError):
        Link(title_zh="甲", title_en="a", url=url)
