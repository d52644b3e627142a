"""A filled store on an SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.store_house import StoreHouse, store_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[StoreHouse]:
    async with store_house(tmp_path) as filled:
        yield filled
