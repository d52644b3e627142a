"""GET /api/catalogue: entity tag, gzip, no sign-in."""

import gzip
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.fakes.clock import FakeClock
from tests.fakes.shelf import FakeShelf
from vwindow.catalogue.live import LiveCatalogue
from vwindow.web.catalogue import PATH, add_catalogue

Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    add_catalogue(app, LiveCatalogue(FakeShelf(), FakeClock()).bundle)
    async with TestClient(TestServer(app), auto_decompress=False) as found:
        yield found


async def test_gzip_for_those_who_take_it(client: Client) -> None:
    zipped = await client.get(PATH, headers={"Accept-Encoding": "br, gzip"})
    plain = await client.get(PATH, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert (zipped.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert plain.content_type == zipped.content_type == "application/json"
    assert zipped.headers["Vary"] == "Accept-Encoding"
    body = await plain.read()
    assert gzip.decompress(await zipped.read()) == body
    assert zipped.headers["ETag"] == plain.headers["ETag"]


@pytest.mark.parametrize("form", ["{tag}", "{strong}", '"other", {tag}', "*"])
async def test_a_page_that_holds_it_is_told_so(client: Client, form: str) -> None:
    tag = (await client.get(PATH)).headers["ETag"]
    held = form.format(tag=tag, strong=tag.removeprefix("W/"))
    again = await client.get(PATH, headers={"If-None-Match": held})
    assert again.status == 304
    assert await again.read() == b""
    assert again.headers["ETag"] == tag


@pytest.mark.parametrize("held", ['"other"', 'W/"other"', "", "garbage"])
async def test_a_page_that_holds_another_gets_it(client: Client, held: str) -> None:
    assert (await client.get(PATH, headers={"If-None-Match": held})).status == 200
