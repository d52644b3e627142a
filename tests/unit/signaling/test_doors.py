"""Who is let in, and what is left of a connection that dies while it is being let in: nothing."""

import asyncio
import logging

import pytest
from aiohttp.test_utils import make_mocked_request

from signaling.auth import session_token
from signaling.links import BARE_SECONDS
from signaling.staff import CONSOLES_PER_PERSON
from tests.fakes.desk_house import S1
from tests.fakes.front_door import TOKEN, FakeRequest, front_door, kiosk_auth
from vwindow.errors import Refused


async def test_a_link_that_dies_while_its_credential_is_checked_leaves_nobody() -> None:
    async with front_door() as door:
        door.gates.gate = asyncio.Event()
        session = await door.open(TOKEN)
        assert session is not None
        connecting = asyncio.create_task(session.connect("/staff"))
        await door.gates.asked.wait()
        await session.close()
        door.gates.gate.set()
        assert not await connecting
        await door.inside.desk.settled()
        assert door.signaling.counts()["staff"] == 0
        assert door.inside.desk.staff_states() == {}


async def test_a_link_that_dies_while_the_desk_is_told_leaves_nobody() -> None:
    async with front_door() as door:
        gate = door.inside.register.gate = asyncio.Event()
        session = await door.open()
        assert session is not None
        connecting = asyncio.create_task(session.connect("/kiosk", kiosk_auth()))
        while door.signaling.counts()["kiosks"] == 0:
            await asyncio.sleep(0)
        await session.close()
        gate.set()
        assert not await connecting
        await door.inside.desk.settled()
        assert door.signaling.counts()["kiosks"] == 0
        assert door.inside.desk.kiosks_here() == {}


async def test_the_second_console_comes_as_the_first_when_the_first_was_not_taken() -> None:
    async with front_door() as door:
        facts = door.inside.register.people.pop(S1)
        first = await door.open(TOKEN)
        assert first is not None and not await first.connect("/staff")
        door.inside.register.people[S1] = facts
        await door.console()
        assert door.inside.desk.staff_states() == {S1: "off"}


async def test_two_consoles_at_once_are_one_person_who_stays_until_the_last_is_gone() -> None:
    async with front_door() as door:
        one, two = await door.open(TOKEN), await door.open(TOKEN)
        assert one is not None and two is not None
        assert await asyncio.gather(one.connect("/staff"), two.connect("/staff")) == [True, True]
        assert (await two.call("/staff", "staff.ready", {}))["ok"]
        await one.close()
        await door.inside.desk.settled()
        assert door.inside.desk.staff_states() == {S1: "ready"}
        await two.close()
        assert door.signaling.counts()["staff"] == 0


async def test_a_check_that_takes_too_long_is_a_refusal() -> None:
    async with front_door() as door:
        door.gates.gate = asyncio.Event()
        door.signaling.staff._admit_seconds = 0.01
        session = await door.open(TOKEN)
        assert session is not None and not await session.connect("/staff")
        assert '"code":"no_answer"' in session.heard[-1]


async def test_a_session_in_no_namespace_is_ended() -> None:
    async with front_door() as door:
        bare, used = await door.open(), await door.console()
        assert bare is not None
        await door.signaling.links.sweep()
        assert door.live(bare, used) == [True, True]
        door.inside.clock.advance(BARE_SECONDS)
        await door.signaling.links.sweep()
        assert door.live(bare, used) == [False, True]
        assert len(door.signaling.links) == 1


async def test_three_refused_connects_end_a_session_and_are_not_asked_about_further() -> None:
    async with front_door() as door:
        session = await door.open("x" * 32)
        assert session is not None
        for _ in range(50):
            assert not await session.connect("/staff")
        assert len(session.heard) == 3
        await door.signaling.links.sweep()
        assert session.closed


async def test_refusals_are_not_all_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "signaling.edge")
    async with front_door(per_address=1000) as door:
        for _ in range(100):
            session = await door.open("x" * 32)
            assert session is not None
            await session.connect("/staff")
        assert sum("refused" in line for line in caplog.messages) == 20
        door.inside.clock.advance(2)
        session = await door.open("x" * 32)
        assert session is not None
        await session.connect("/staff")
        assert "(and 80 more)" in caplog.messages[-1]


async def test_an_address_has_so_many_sessions_and_no_more() -> None:
    async with front_door(per_address=2) as door:
        first = await door.open()
        assert first is not None and await door.open() is not None
        assert await door.open() is None
        assert await door.open(remote="192.0.2.8") is not None
        await first.close()
        assert await door.open() is not None


async def test_one_person_has_so_many_consoles_and_the_oldest_goes() -> None:
    async with front_door() as door:
        sessions = [await door.console() for _ in range(CONSOLES_PER_PERSON + 1)]
        assert len(door.signaling.staff.links()) == CONSOLES_PER_PERSON
        assert sessions[0].sid not in door.signaling.staff.links()
        assert door.inside.desk.staff_states() == {S1: "off"}


async def test_a_kiosk_has_one_link_and_the_newest_wins() -> None:
    async with front_door() as door:
        await door.kiosk()
        new = await door.kiosk()
        assert door.signaling.kiosk.links() == {new.sid}
        assert "k1" in door.inside.desk.kiosks_here()


async def test_a_session_that_ended_elsewhere_ends_its_console_at_the_next_check() -> None:
    async with front_door() as door:
        await door.console()
        await door.signaling.staff.recheck()
        assert door.signaling.counts()["staff"] == 1
        del door.gates.people[TOKEN]
        await door.signaling.staff.recheck()
        assert door.signaling.counts()["staff"] == 0


@pytest.mark.parametrize(("event", "payload"), [("staff.ready", {}), ("call.answer", {"call": "c1"})])
async def test_who_may_serve_no_longer_takes_no_call(event: str, payload: dict[str, str]) -> None:
    async with front_door() as door:
        session = await door.console()
        del door.gates.people[TOKEN]
        ack = await session.call("/staff", event, payload)
        assert ack["error"]["code"] == "not_signed_in"
        assert door.signaling.counts()["staff"] == 0


def test_a_session_cookie_is_found_among_foreign_ones() -> None:
    request = FakeRequest(cookies={"other": '{"a": "b"}', "vwindow_session": TOKEN})
    assert session_token({"aiohttp.request": request}) == TOKEN
    for environ in (
        {},
        {"aiohttp.request": FakeRequest()},
        {"aiohttp.request": FakeRequest(cookies={"vwindow_session": "x"})},
    ):
        with pytest.raises(Refused, match="not_signed_in"):
            session_token(environ)


def test_a_cookie_of_an_illegal_value_does_not_hide_ours() -> None:
    header = f'theirs={{"a": "b, c"}}; vwindow_session={TOKEN}; more=[1]'
    request = make_mocked_request("GET", "/socket.io/", headers={"Cookie": header})
    assert session_token({"aiohttp.request": request, "HTTP_COOKIE": header}) == TOKEN


@pytest.mark.parametrize(
    ("origin", "scheme", "allowed"),
    [
        ("http://window.example", "http", True),
        ("https://window.example", "https", True),
        ("http://window.example", "https", False),
        ("https://listed.example", "http", True),
        ("https://evil.example", "http", False),
        ("null", "http", False),
    ],
)
async def test_the_servers_own_origin_is_allowed_beside_the_listed(origin: str, scheme: str, allowed: bool) -> None:
    async with front_door() as door:
        environ = {"HTTP_ORIGIN": origin, "aiohttp.request": FakeRequest(scheme=scheme)}
        assert (origin in door.engine._cors_allowed_origins(environ)) == allowed
