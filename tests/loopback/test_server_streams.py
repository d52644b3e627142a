"""Streams of real rooms: endpoints of the server, orders on the control socket, signed tokens."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import aioice.ice
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.whip_peer import WhipClient, WhipPeer
from tests.loopback.test_media_pool import arguments, free_port, pool
from vwindow.__main__ import main
from vwindow.books import open_keys
from vwindow.clock import SystemClock
from vwindow.config import load
from vwindow.ids import RoomId
from vwindow.tokens import PURPOSE, SignedTokens, StreamLeave
from vwindow.web.rates import AddressRate
from vwindow.web.whip import MAX_OFFER_BYTES, WhipParts, add_whip

TOKENS = SignedTokens(bytes(32))


def token(kind: str, room: str = "r1", seconds: float = 60) -> str:
    assert kind in ("whip", "whep")
    return TOKENS.sign(StreamLeave(kind, room, "kiosk", "face", int(time.time() + seconds)))  # type: ignore[arg-type]


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WhipClient]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with AsyncExitStack() as stack:
        media, _, _ = await stack.enter_async_context(pool(tmp_path, arguments(tmp_path, free_port())))
        for room in ("r1", "r2"):
            await media.open(RoomId(room), 1)
        app = web.Application(client_max_size=MAX_OFFER_BYTES)
        add_whip(app, WhipParts(media, TOKENS, SystemClock(), AddressRate(8)))
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        stack.push_async_callback(server.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield WhipClient(f"http://127.0.0.1:{server.port}", "", session)


async def test_a_token_opens_its_room_and_no_other(client: WhipClient) -> None:
    async with AsyncExitStack() as stack:
        publisher = WhipPeer(WhipClient(client.base, token("whip"), client.session))
        player = WhipPeer(WhipClient(client.base, token("whep"), client.session))
        for peer in (publisher, player):
            stack.push_async_callback(peer.close)
        assert (await publisher.publish("/whip/r1/kiosk", audio=False)).status == 201
        assert (await player.play("/whep/r1/kiosk")).status == 201
        await player.frames("video", 5)

        for bearer, path, status, code in (
            (token("whip"), "/whip/r2/kiosk", 403, "token_elsewhere"),
            (token("whep"), "/whip/r1/kiosk", 403, "token_elsewhere"),
            (token("whip"), "/whip/r1/staff", 403, "token_elsewhere"),
            (token("whip", seconds=-1), "/whip/r1/kiosk", 401, "token_expired"),
            (token("whip", "r9"), "/whip/r9/kiosk", 404, "unknown_room"),
        ):
            told = await WhipClient(client.base, bearer, client.session).ask("POST", path, "v=0")
            assert (told.status, told.json["code"]) == (status, code), path
        elsewhere = publisher.location.replace("/r1/", "/r2/")
        assert (await publisher.client.ask("DELETE", elsewhere)).status == 403
        assert (await publisher.leave()).status == 200
        await publisher.until("closed")


async def test_offers_that_a_control_line_cannot_hold_are_refused_before_it(client: WhipClient) -> None:
    ask = WhipClient(client.base, token("whip"), client.session).ask
    for body in ("v=0" + "\x01" * 60_000, "v=0" + '"' * 60_000):
        assert (await ask("POST", "/whip/r1/kiosk", body)).status in (400, 422)
    assert (await ask("POST", "/whip/r1/kiosk", "v=0")).status == 422  # the worker lives


async def test_an_address_that_asks_too_often_waits(client: WhipClient) -> None:
    ask = WhipClient(client.base, "x", client.session).ask
    told = [(await ask("POST", "/whip/r1/kiosk", "v=0")).status for _ in range(9)]
    assert told == [401] * 8 + [429]


def test_the_command_signs_with_the_key_of_the_data_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VWINDOW_DATA_DIR", str(tmp_path))
    assert main(["token", "r1", "--play"]) == 1  # no keys yet: nothing that it could open
    assert "keys_missing" in capsys.readouterr().err
    keys = open_keys(load(None, {"VWINDOW_DATA_DIR": str(tmp_path)}), create=True)
    assert main(["token", "r1", "--side", "staff", "--source", "screen", "--minutes", "5"]) == 0
    printed = capsys.readouterr().out.strip()
    SignedTokens(keys.derive(PURPOSE)).check(printed, "whip", "r1", "staff", "screen", time.time() + 290)
    assert main(["token", "r1", "--minutes", "9999"]) == 2
