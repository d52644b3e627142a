"""The bundle has the agreed shape, keeps still when nothing changed, and outlives a store that is away."""

import gzip
import json
import logging

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.shelf import FakeShelf
from vwindow.catalogue.bundle import WindowCard
from vwindow.catalogue.export import export_json
from vwindow.catalogue.guides import demo_guides
from vwindow.catalogue.items import ItemList
from vwindow.catalogue.live import FRESH, LiveCatalogue
from vwindow.catalogue.rules import Rule
from vwindow.errors import Refused, Unavailable
from vwindow.ids import CITIES

WINDOW = WindowCard(
    window="sj-offline",
    kind="offline",
    name="线下窗口",
    centre="松江区行政服务中心",
    city="songjiang",
    address="松江区示范路1号",
    hours="周一至周五 9:00–17:00",
    phone="021-5550101",
)


def live() -> tuple[LiveCatalogue, FakeShelf, FakeClock]:
    shelf, clock = FakeShelf(), FakeClock()
    shelf.own_windows.append(WINDOW)
    shelf.own_guides.extend(demo_guides())
    return LiveCatalogue(shelf, clock), shelf, clock


async def test_the_bundle_has_the_agreed_shape() -> None:
    catalogue, _, _ = live()
    packed = await catalogue.bundle()
    assert gzip.decompress(packed.zipped) == packed.body
    bundle = json.loads(packed.body)
    assert list(bundle) == ["version", "groups", "items", "rules", "guides", "cities", "windows"]
    assert bundle["version"] == "DB31117-Z-002-2025/1"
    assert {"group", "zh", "en"} <= set(bundle["groups"][0])
    assert bundle["items"][0] == {
        "number": 1,
        "name": "内资有限公司设立",
        "en": "Domestic limited company: registration",
        "group": "company",
        "syllables": "nei zi you xian gong si she li",
        "pinyin": "neiziyouxiangongsisheli",
        "initials": "nzyxgssl",
        "national_code": "",
        "kind": "",
        "department": "",
        "common": True,
    }
    assert bundle["rules"][61]["virtual"] is False
    assert bundle["rules"][0] == {
        "item": 1,
        "city": "*",
        "virtual": True,
        "mode": "push",
        "confirmed": False,
        "note_zh": "",
        "note_en": "",
    }
    assert [guide["item"] for guide in bundle["guides"]] == [1, 4, 78, 86, 111]
    assert set(bundle["guides"][0]["materials"][0]) == {"zh", "en", "copies", "form"}
    assert [city["city"] for city in bundle["cities"]] == list(CITIES)
    assert bundle["cities"][0] == {"city": "songjiang", "zh": "松江", "en": "Songjiang"}
    assert bundle["windows"] == [WINDOW.model_dump()]


async def test_the_same_content_keeps_its_tag_and_a_change_gets_another() -> None:
    catalogue, shelf, clock = live()
    first = await catalogue.bundle()
    clock.advance(FRESH - 0.1)
    assert await catalogue.bundle() is first
    assert shelf.reads == 1
    clock.advance(0.2)
    assert (await catalogue.bundle()) == first
    assert shelf.reads == 2
    shelf.own_rules.append(Rule(item=62, city="hefei", virtual=True, mode="filing", confirmed=True))
    assert (await catalogue.refresh()).etag != first.etag


async def test_routing_follows_the_centres_own_rule_and_the_whole_list() -> None:
    catalogue, shelf, _ = live()
    assert not catalogue.facts(62, "hefei").virtual
    shelf.own_rules.append(Rule(item=62, city="hefei", virtual=True, mode="filing", confirmed=True))
    await catalogue.refresh()
    facts = catalogue.facts(62, "hefei")
    assert (facts.number, facts.name, facts.group, facts.virtual) == (
        62,
        "核发机动车检验合格标志-6年免检",
        "vehicle",
        True,
    )
    assert not catalogue.facts(62, "wuhu").virtual
    with pytest.raises(Refused, match="no item 196"):
        catalogue.facts(196, "wuhu")


async def test_the_last_bundle_outlives_the_store_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    catalogue, shelf, clock = live()
    shelf.away = True
    with pytest.raises(Unavailable):
        await catalogue.bundle()
    shelf.away = False
    packed = await catalogue.bundle()
    shelf.away = True
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.advance(FRESH + 1)
            assert await catalogue.bundle() is packed
    assert len(caplog.records) == 1
    shelf.away = False
    shelf.own_windows.clear()
    clock.advance(FRESH + 1)
    assert (await catalogue.bundle()).etag != packed.etag


def test_the_export_prints_all_items_with_their_default_rule() -> None:
    text = export_json()
    exported = json.loads(text)
    assert [row["name"] for row in exported["items"]] == [item.name for item in ItemList.load()]
    assert exported["items"][0]["virtual"] is True
    assert "核发机动车检验合格标志-6年免检" in text
