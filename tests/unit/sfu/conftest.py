"""What tests of a room share."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.floor import Floor


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    floor = Floor()
    yield floor
    await floor.room.close()
