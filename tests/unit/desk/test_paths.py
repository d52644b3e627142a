"""The way of the media through the desk: credentials while they are needed, reports from those who may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fakes.desk_house import K1, K2, S1, S2, House
from vwindow.desk.dispatcher import Desk
from vwindow.desk.settings import DeskSettings
from vwindow.desk.views import PathView
from vwindow.errors import Refused
from vwindow.turn import TurnServers


@asynccontextmanager
async def turn_house() -> AsyncIterator[House]:
    one = House(relays=TurnServers(["turn:turn.example"], "sixteen characters", 3600))
    one.desk.start()
    try:
        yield one
    finally:
        await one.desk.close()


async def test_credentials_come_with_the_ring_and_go_with_the_call() -> None:
    async with turn_house() as h:
        call = await h.ask()
        assert h.outbox.kiosk_calls[K1].phase == "waiting" and h.outbox.kiosk_calls[K1].ice_servers == ()
        await h.ready()
        ringing = h.outbox.staff_mirrors[S1].call
        assert ringing is not None and ringing.phase == "ringing"
        (theirs,), (kiosks,) = ringing.ice_servers, h.outbox.kiosk_calls[K1].ice_servers
        assert theirs.username != kiosks.username and theirs.urls == ("turn:turn.example",)
        await h.hang_up(call)
        assert h.outbox.kiosk_calls[K1].ice_servers == ()
        mine = h.outbox.staff_mirrors[S1].call
        assert mine is None or mine.ice_servers == ()


async def test_paths_are_shown_and_kept() -> None:
    async with turn_house() as h:
        call = await h.talking()
        h.desk.path_from_kiosk(K1, call, "agent", "relay_tcp")
        h.desk.path_from_staff(S1, call, "udp")
        await h.desk.settled()
        assert h.outbox.staff_calls[S1].paths == (PathView("agent", "relay_tcp"), PathView("console", "udp"))
        assert not hasattr(h.outbox.kiosk_calls[K1], "paths")
        kept = [(name, kind, detail) for name, kind, detail in h.ledger.events if kind.startswith("path_")]
        assert kept == [(call, "path_agent", {"path": "relay_tcp"}), (call, "path_console", {"path": "udp"})]


async def test_only_the_two_sides_of_a_call_tell_its_paths() -> None:
    async with turn_house() as h:
        call = await h.talking()
        with pytest.raises(Refused, match="not_your_call"):
            h.desk.path_from_kiosk(K2, call, "page", "udp")
        with pytest.raises(Refused, match="not_your_call"):
            h.desk.path_from_staff(S2, call, "udp")
        await h.hang_up(call)
        with pytest.raises(Refused, match="not_now"):
            h.desk.path_from_kiosk(K1, call, "page", "udp")


async def test_without_a_turn_server_nothing_is_told() -> None:
    h = House(DeskSettings(relay_only=False))
    h.desk.start()
    try:
        await h.talking()
        assert isinstance(h.desk, Desk)
        assert h.outbox.kiosk_calls[K1].ice_servers == () and not h.outbox.kiosk_calls[K1].relay_only
    finally:
        await h.desk.close()
