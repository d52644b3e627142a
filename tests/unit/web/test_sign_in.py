"""Signing in over HTTP: cookie, lock-out, rate, origin."""

import pytest

from tests.fakes.store_house import PASSWORD
from tests.fakes.web_house import WebHouse

GOOD = {"name": "hefei.staff", "password": PASSWORD}


async def test_the_cookie_is_closed_to_scripts_and_foreign_pages(house: WebHouse) -> None:
    answer = await house.sign_in("hefei.staff")
    assert answer.status == 200
    assert answer.json == {
        "staff": house.store.staff["hefei.staff"], "name": "王hefei.staff", "number": "No hefei.staff",
        "centre": "合肥中心", "city": "hefei", "role": "staff", "scope": "centre",
    }  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("vwindow_session=")
    for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    assert (await house.ask("/api/me")).json == answer.json


async def test_signing_out_ends_the_session_on_the_server(house: WebHouse) -> None:
    await house.sign_in("hefei.staff")
    cookies = [cookie.value for cookie in house.session.cookie_jar]
    assert (await house.ask("/api/sign-out", {})).status == 200
    assert house.signed_out == [house.store.staff["hefei.staff"]]
    again = await house.ask("/api/me", Cookie=f"vwindow_session={cookies[0]}")
    assert (again.status, again.code) == (401, "not_signed_in")


async def test_a_new_sign_in_ends_the_session_before(house: WebHouse) -> None:
    await house.sign_in("hefei.staff")
    old = next(iter(house.session.cookie_jar)).value
    await house.sign_in("hefei.staff")
    house.session.cookie_jar.clear()
    assert (await house.ask("/api/me", Cookie=f"vwindow_session={old}")).status == 401


async def test_wrong_passwords_lock_and_many_are_too_many(house: WebHouse) -> None:
    bad = {"name": "hefei.staff", "password": "wrong"}
    answers = [await house.ask("/api/sign-in", bad) for _ in range(5)]
    assert {(answer.status, answer.code) for answer in answers} == {(401, "wrong_password")}
    locked = await house.ask("/api/sign-in", GOOD)
    assert (locked.status, locked.code, locked.json["error"]["retryable"]) == (423, "locked_out", True)
    for _ in range(14):
        await house.ask("/api/sign-in", {"name": "x", "password": "y"})
    many = await house.ask("/api/sign-in", GOOD)
    assert (many.status, many.code) == (429, "too_many")
    house.store.clock.advance(15 * 60 + 1)
    assert (await house.ask("/api/sign-in", GOOD)).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "HTTP://127.0.0.1"])
async def test_a_foreign_page_changes_nothing(house: WebHouse, origin: str) -> None:
    for path in ("/api/sign-in", "/api/sign-out", "/api/kiosk/enrol", "/api/kiosk/challenge", "/nowhere"):
        answer = await house.ask(path, GOOD, Origin=origin)
        assert (answer.status, answer.code) == (403, "foreign_origin"), path
    await house.sign_in("hefei.staff")
    assert (await house.ask("/api/sign-out", {}, Origin=origin)).code == "foreign_origin"
    assert (await house.ask("/api/me")).status == 200


async def test_a_session_without_an_origin_changes_nothing(house: WebHouse) -> None:
    await house.sign_in("hefei.staff")
    assert (await house.ask("/api/sign-out", {}, Origin="")).code == "foreign_origin"
    assert (await house.ask("/api/me")).status == 200
