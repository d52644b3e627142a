"""The search finds what people type, ranks it, and never invents anything."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vwindow.catalogue.export import export_vectors
from vwindow.catalogue.groups import GroupList
from vwindow.catalogue.items import Item, ItemList
from vwindow.catalogue.search import MAX_TERM, Index, fold, terms

ITEMS = ItemList.load()
INDEX = Index(ITEMS, GroupList.load())
VECTORS = Path(__file__).resolve().parents[3] / "static" / "core" / "search-vectors.json"

# A loaded machine must not fail a test by its slowness.
QUIET = settings(max_examples=60, deadline=None, print_blob=True)

items = st.sampled_from(list(ITEMS))
typed = st.text(alphabet="gjcxabzyhu6109 ü公积金查询打印养老（）－", max_size=12)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("111", 111),
        ("１１１", 111),
        ("公积金查询", 86),
        ("gjjcx", 86),
        ("GongJiJin", 86),
        ("公积金dk", 104),
        ("异地就医", 111),
        ("yidijiuyi", 111),
        ("ydjy", 111),
        ("xbsbk", 78),
        ("lüshi", 144),
        ("6年免检", 62),
        ("酒类零售许可证 审批新办", 89),
        ("公证 驾驶", 71),
        ("医疗保险 异地", 111),
        ("ship safety survey", 31),
        ("huankuan", 130),
    ],
)
def test_what_people_type_finds_the_item_first(query: str, first: int) -> None:
    assert INDEX.search(query)[0] == first


@pytest.mark.parametrize("query", ["", "  ", "?!（）", "zzzz", "银行", "196", "0", "ongji"])
def test_nothing_is_found_for_nothing_and_nonsense(query: str) -> None:
    assert INDEX.search(query) == []


def test_the_order_of_tiers() -> None:
    # number, then name's start, then initials' start, then inside, then group, then digits of the number
    assert INDEX.search("11")[:2] == [11, 111]
    assert INDEX.search("gjj").index(86) < INDEX.search("gjj").index(119) < INDEX.search("gjj").index(104)
    assert INDEX.search("ship")[:3] == [42, 94, 31]
    assert INDEX.search("车辆")[0] == 103
    assert set(INDEX.search("车辆")) == {103, 62, 83, 106, 115, 116}


def test_the_most_used_come_first_among_equals() -> None:
    assert INDEX.search("变更")[0] == 4


def test_a_limit_cuts_the_end() -> None:
    assert INDEX.search("公积金", 5) == INDEX.search("公积金")[:5]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢｃ１", "abc1"),
        ("《营业性演出许可证》注销", "营业性演出许可证注销"),
        ("审批 新办－6", "审批新办6"),
        ("LÜ u\u0308", "lvv"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_terms_are_bounded() -> None:
    assert terms("a " * 20) == ("a",) * 8
    assert terms("b" * 1000) == ("b" * MAX_TERM,)
    assert terms(" －　公积金\t gjj ") == ("公积金", "gjj")


def test_the_page_has_the_same_examples() -> None:
    assert VECTORS.read_text(encoding="utf-8") == export_vectors(), "run scripts/search_vectors.py"


@given(items)
@QUIET
def test_a_full_name_comes_first_and_its_spelling_before_all_other_spellings(item: Item) -> None:
    assert INDEX.search(fold(item.name))[0] == item.number
    assert INDEX.search(str(item.number))[0] == item.number
    for query in (item.pinyin[:MAX_TERM], item.initials[:MAX_TERM]):
        before = INDEX.search(query)
        rivals = [ITEMS.get(number) for number in before[: before.index(item.number)]]
        assert all(query in (r.pinyin, r.initials) or r.pinyin.startswith(query) or query in r.initials for r in rivals)


@given(items, st.data())
@QUIET
def test_any_part_of_a_name_in_any_writing_finds_it(item: Item, data: st.DataObject) -> None:
    chars, syllables = fold(item.name), item.syllables.split()
    start = data.draw(st.integers(0, len(chars) - 1))
    end = data.draw(st.integers(start + 1, min(len(chars), start + 10)))
    written = [
        data.draw(st.sampled_from([char, syllable, syllable[: data.draw(st.integers(1, len(syllable)))]]))
        for char, syllable in zip(chars[start:end], syllables[start:end], strict=True)
    ]
    assert item.number in INDEX.search("".join(written))


@given(typed)
@QUIET
def test_results_are_distinct_known_and_repeatable(query: str) -> None:
    found = INDEX.search(query)
    assert len(set(found)) == len(found)
    assert set(found) <= set(range(1, 196))
    assert found == INDEX.search(query)


@given(typed, typed)
@QUIET
def test_a_further_term_only_narrows(first: str, second: str) -> None:
    if terms(first) and len(terms(first)) + len(terms(second)) <= 8:
        assert set(INDEX.search(f"{first} {second}")) <= set(INDEX.search(first))
