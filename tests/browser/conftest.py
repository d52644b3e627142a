"""What browser tests share: a running house, and a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.pages import chromium
from tests.stack import Stack


@pytest.fixture
async def stack(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stack]:
    """Run server and agent; a module's SETTINGS are the server's."""
    house = Stack(tmp_path, settings=getattr(request.module, "SETTINGS", {}))
    try:
        await house.start_server()
        await house.start_agent()
        yield house
    finally:
        await house.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found
