"""The list is the standard's: all of it, in order, word for word."""

import hashlib
import re
from collections import Counter

import pytest

from vwindow.catalogue.groups import GroupList
from vwindow.catalogue.items import ItemList
from vwindow.catalogue.pinyin import spell
from vwindow.catalogue.search import fold
from vwindow.errors import Refused

ITEMS = ItemList.load()
GROUPS = GroupList.load()

NAMES_SHA256 = "41095e202010c61eb02f94930ca627f35309070fef41c19a1c97f352b5e5e60a"
"""Of the 195 names as UTF-8, in order, joined by line feeds, as they stand in table A.1."""


def test_all_195_items_stand_in_order() -> None:
    assert [item.number for item in ITEMS] == list(range(1, 196))
    assert len(ITEMS) == 195
    assert ITEMS.version == "DB31117-Z-002-2025/1"


def test_the_wording_is_that_of_the_standard() -> None:
    names = "\n".join(item.name for item in ITEMS)
    assert hashlib.sha256(names.encode()).hexdigest() == NAMES_SHA256


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "内资有限公司设立"),
        (36, "国内水路运输经营许可（不含省际旅客、危险品货物水路运输许可）延长《国内水路运输经营许可证》有效期"),
        (62, "核发机动车检验合格标志-6年免检"),
        (63, "对申办大学专科学历公证"),
        (89, "酒类零售许可证 审批新办"),
        (95, "城镇职工基本养老保险－参加个人城镇基本养老保险缴费情况"),
        (143, "普通高中毕（结）业证书遗失补办"),
        (156, "律师执业证书遗失、损毁补（换）发（初审）"),
        (195, "公积金贷款还款明细信息查询"),
    ],
)
def test_odd_wordings_are_kept(number: int, name: str) -> None:
    assert ITEMS.get(number).name == name


@pytest.mark.parametrize("twins", [(86, 121), (87, 172), (109, 126, 174), (120, 125, 176)])
def test_near_duplicates_stay_separate_items(twins: tuple[int, ...]) -> None:
    items = [ITEMS.get(number) for number in twins]
    assert len({item.name for item in items}) == len(twins)
    assert len({item.en for item in items}) == len(twins)


def test_no_two_items_have_the_same_name_in_either_language() -> None:
    assert len({item.name for item in ITEMS}) == 195
    assert len({item.en for item in ITEMS}) == 195


def test_english_names_are_short_and_plain() -> None:
    for item in ITEMS:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9 ',():-]{7,59}", item.en), item


def test_every_item_is_in_one_known_group_and_no_group_is_empty() -> None:
    sizes = Counter(item.group for item in ITEMS)
    assert set(sizes) == {group.group for group in GROUPS}
    assert sum(sizes.values()) == 195
    assert all(item.group in GROUPS for item in ITEMS)


def test_twelve_items_are_the_most_used() -> None:
    assert sum(item.common for item in ITEMS) == 12


def test_the_shipped_spelling_is_what_spelling_gives() -> None:
    for item in ITEMS:
        syllables = item.syllables.split()
        assert tuple(syllables) == spell(item.name), item.name
        assert len(syllables) == len(fold(item.name)), item.name
        assert item.pinyin == "".join(syllables)
        assert item.initials == "".join(syllable[0] for syllable in syllables)
    for group in GROUPS:
        assert tuple(group.syllables.split()) == spell(group.zh)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("银行", "yin hang"),
        ("行业", "hang ye"),
        ("长期", "chang qi"),
        ("延长", "yan chang"),
        ("省长", "sheng zhang"),
        ("重新", "chong xin"),
        ("调档", "diao dang"),
        ("调解", "tiao jie"),
        ("差额", "cha e"),
        ("参保", "can bao"),
        ("核发", "he fa"),
        ("还款明细", "huan kuan ming xi"),
        ("偿还贷款", "chang huan dai kuan"),
        ("律师、子女", "lv shi zi nv"),
        ("标志-6年，VIP", "biao zhi 6 nian v i p"),
        ("", ""),
    ],
)
def test_the_reading_follows_the_word(word: str, syllables: str) -> None:
    assert " ".join(spell(word)) == syllables


def test_a_number_outside_the_list_is_refused() -> None:
    for number in (0, 196, -1):
        with pytest.raises(Refused) as refusal:
            ITEMS.get(number)
        assert refusal.value.code == "unknown_item"
