"""Accounts, lock-out, sessions."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from tests.fakes.store_house import HEFEI, PASSWORD, StoreHouse
from vwindow.access import WRONG_LIMIT_ALL, Attempts, check_password
from vwindow.errors import Refused
from vwindow.ids import CentreId
from vwindow.store.people import NewPerson
from vwindow.store.sessions import SESSIONS_PER_PERSON


async def code_of_sign_in(house: StoreHouse, name: str, password: str, address: str = "") -> str:
    try:
        await house.people.sign_in(name, password, house.now, address)
    except Refused as error:
        return error.code
    return "ok"


async def test_a_person_signs_in_and_out(house: StoreHouse) -> None:
    token, signed_in = await house.people.sign_in(" Hefei.Staff ", PASSWORD, house.now)
    assert signed_in.staff == house.staff["hefei.staff"]
    assert (signed_in.viewer.role, signed_in.viewer.centre, signed_in.viewer.city) == ("staff", HEFEI, "hefei")
    assert await house.people.session(token, house.now) == signed_in
    assert await house.people.session("another", house.now) is None
    await house.people.sign_out(token)
    assert await house.people.session(token, house.now) is None


@pytest.mark.parametrize("account", ["hefei.staff", "nobody"])
async def test_five_wrong_passwords_lock_known_and_unknown_accounts_alike(house: StoreHouse, account: str) -> None:
    for _ in range(5):
        assert await code_of_sign_in(house, account, "wrong") == "wrong_password"
    assert await code_of_sign_in(house, account, PASSWORD) == "locked_out"
    house.clock.advance(15 * 60 + 1)
    assert await code_of_sign_in(house, account, "wrong") == "wrong_password"
    expected = "ok" if account == "hefei.staff" else "wrong_password"
    assert await code_of_sign_in(house, account, PASSWORD) == expected


@pytest.mark.parametrize("account", ["hefei.staff", "nobody"])
async def test_a_stranger_elsewhere_locks_nobody_out_but_many_do(house: StoreHouse, account: str) -> None:
    for _ in range(20):
        await code_of_sign_in(house, account, "wrong", "192.0.2.1")
    assert await code_of_sign_in(house, account, PASSWORD, "192.0.2.1") == "locked_out"
    expected = "ok" if account == "hefei.staff" else "wrong_password"
    assert await code_of_sign_in(house, account, PASSWORD, "192.0.2.2") == expected
    assert await code_of_sign_in(house, account, PASSWORD, "192.0.2.1") == "locked_out"
    for number in range(WRONG_LIMIT_ALL):
        await code_of_sign_in(house, account, "wrong", f"198.51.100.{number}")
    assert await code_of_sign_in(house, account, PASSWORD, "192.0.2.2") == "locked_out"


async def test_unlocking_forgets_all_wrong_passwords(house: StoreHouse) -> None:
    for address in ("a", "b"):
        for _ in range(6):
            await code_of_sign_in(house, "hefei.staff", "wrong", address)
    await house.people.unlock("Hefei.Staff")
    for address in ("a", "b"):
        assert await code_of_sign_in(house, "hefei.staff", PASSWORD, address) == "ok"
    with pytest.raises(Refused, match="unknown_staff"):
        await house.people.unlock("nobody")


async def test_what_a_clock_wrote_that_was_ahead_does_not_count(house: StoreHouse) -> None:
    real = house.now
    house.clock.advance(90 * 24 * 3600)
    for _ in range(5):
        assert await code_of_sign_in(house, "hefei.staff", "wrong") == "wrong_password"
    await house.people.unlock("hefei.staff")
    token, _ = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    for _ in range(5):
        await code_of_sign_in(house, "hefei.staff", "wrong")
    assert await house.people.session(token, house.now) is not None
    assert await house.people.session(token, real) is None
    for _ in range(4):
        with pytest.raises(Refused, match="wrong_password"):
            await house.people.sign_in("hefei.staff", "wrong", real)
    fresh, _ = await house.people.sign_in("hefei.staff", PASSWORD, real)
    assert await house.people.session(fresh, real - timedelta(minutes=1)) is not None, "a small step back is no harm"


async def test_attempts_side_by_side_count_each_other(house: StoreHouse) -> None:
    tries = [code_of_sign_in(house, "hefei.staff", "wrong") for _ in range(12)]
    codes = await asyncio.gather(*tries)
    assert codes.count("wrong_password") == 5
    assert codes.count("locked_out") == 7


async def test_a_session_ends_when_idle_and_when_old(house: StoreHouse) -> None:
    token, _ = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    house.clock.advance(8 * 3600 - 1)
    assert await house.people.session(token, house.now) is not None
    house.clock.advance(4 * 3600)
    assert await house.people.session(token, house.now) is not None
    house.clock.advance(1)
    assert await house.people.session(token, house.now) is None
    token, _ = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    house.clock.advance(8 * 3600)
    assert await house.people.session(token, house.now) is None


async def test_a_locked_database_throws_nobody_out(house: StoreHouse) -> None:
    token, signed_in = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    other = sqlite3.connect(house.folder / "vwindow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        house.clock.advance(61)
        async with asyncio.timeout(5):
            assert await house.people.session(token, house.now) == signed_in
        house.clock.advance(7 * 3600)
        # Writes wait for the lock; reads and hashes have threads of their own.
        stuck = [asyncio.create_task(house.ledger.save_call(house.record(f"c-{n}"))) for n in range(8)]
        async with asyncio.timeout(5):
            assert await house.people.session(token, house.now) == signed_in
            assert await house.database.compute(lambda: 1) == 1
    finally:
        other.execute("ROLLBACK")
        other.close()
    await asyncio.gather(*stuck)
    assert await house.people.session(token, house.now) == signed_in
    house.clock.advance(7 * 3600 - 3000)
    assert await house.people.session(token, house.now) is None, "twelve hours are the end"


async def test_sessions_of_a_person_are_bounded(house: StoreHouse) -> None:
    tokens = []
    for _ in range(SESSIONS_PER_PERSON + 1):
        tokens.append((await house.people.sign_in("hefei.staff", PASSWORD, house.now))[0])
        house.clock.advance(1)
    alive = [await house.people.session(token, house.now) is not None for token in tokens]
    assert alive == [False] + [True] * SESSIONS_PER_PERSON


async def test_a_new_password_and_a_disabled_account_end_sessions(house: StoreHouse) -> None:
    token, signed_in = await house.people.sign_in("hefei.staff", PASSWORD, house.now)
    await house.people.set_password("hefei.staff", "another long one")
    assert await house.people.session(token, house.now) is None
    token, _ = await house.people.sign_in("hefei.staff", "another long one", house.now)
    await house.people.disable(signed_in.staff, house.now)
    assert await house.people.session(token, house.now) is None
    assert await code_of_sign_in(house, "hefei.staff", "another long one") == "wrong_password"
    with pytest.raises(Refused):
        await house.register.staff(signed_in.staff)


async def test_accounts_are_unique_and_belong_to_a_centre(house: StoreHouse) -> None:
    for person, code in (
        (NewPerson("HEFEI.staff", "x", "1", HEFEI), "account_taken"),
        (NewPerson("new", "x", "1", CentreId("none")), "unknown_centre"),
        (NewPerson("new", "x", "1", HEFEI, skills=[("paris", "*")]), "unknown_city"),
    ):
        with pytest.raises(Refused) as caught:
            await house.people.create_staff(person, PASSWORD, house.now)
        assert caught.value.code == code
    assert await house.people.accounts() == [("hefei.staff", "staff")]


async def test_the_register_knows_skills_and_places(house: StoreHouse) -> None:
    facts = await house.register.staff(house.staff["hefei.staff"])
    assert facts.skills == (("hefei", "company"), ("songjiang", "*"))
    assert (facts.centre_name, facts.city, facts.post) == ("合肥中心", "hefei", "A")
    kiosk = await house.register.kiosk(house.kiosk)
    assert (kiosk.city, kiosk.hours, kiosk.revoked) == ("songjiang", "9–17", False)
    windows = {place.window: place for place in await house.places.windows()}
    assert windows["w-off"].phone == "021"


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "password_too_short"), ("a" * 20, "password_too_simple"), ("x" * 200, "password_too_long"),
     ("my Hefei.Staff pw", "password_too_simple")],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        check_password(password, "hefei.staff")
    assert caught.value.code == code


async def test_wrong_passwords_far_apart_do_not_lock(house: StoreHouse) -> None:
    attempts = Attempts()
    for _ in range(20):
        attempts = attempts.after_wrong(house.now)
        assert not attempts.locked(house.now)
        house.clock.advance(timedelta(minutes=4).total_seconds())
