"""Guides keep every version, rules the newest."""

from datetime import timedelta

from tests.fakes.store_house import StoreHouse
from vwindow.store.guides import Guides, RuleFacts


async def test_the_newest_valid_version_is_shown(house: StoreHouse) -> None:
    guides = Guides(house.database)
    assert await guides.add_guide(7, "*", {"days": 3}, house.now) == 1
    assert await guides.add_guide(7, "*", {"days": 2}, house.now) == 2
    assert await guides.add_guide(7, "*", {"days": 1}, house.now + timedelta(days=1)) == 3
    assert await guides.add_guide(7, "hefei", {"days": 9}, house.now) == 1
    shown = {(guide.city, guide.version): guide.payload for guide in await guides.guides(house.now)}
    assert shown == {("*", 2): {"days": 2}, ("hefei", 1): {"days": 9}}


async def test_a_rule_is_replaced(house: StoreHouse) -> None:
    guides = Guides(house.database)
    await guides.save_rule(RuleFacts(7, "*", True, "push", False))
    await guides.save_rule(RuleFacts(7, "*", False, "filing", True, "说明", "note"))
    assert await guides.rules() == [RuleFacts(7, "*", False, "filing", True, "说明", "note")]
