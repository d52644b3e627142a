"""Enrolment codes, the link's challenge, revocation."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes.clock import FakeClock
from tests.fakes.store_house import HEFEI, SONGJIANG, StoreHouse
from vwindow.access import Viewer
from vwindow.errors import Refused, Unavailable
from vwindow.ids import KioskId, StaffId, WindowId
from vwindow.store.challenge import LIFETIME, Challenges
from vwindow.store.kiosks import LINK_CONTEXT

ADMIN = StaffId("s-admin")


async def refused(work: Callable[[], Coroutine[Any, Any, Any]]) -> str:
    with pytest.raises(Refused) as caught:
        await work()
    return caught.value.code


def hex_key(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def sign(key: Ed25519PrivateKey, nonce: str) -> str:
    return key.sign(LINK_CONTEXT + bytes.fromhex(nonce)).hex()


async def enrolled(house: StoreHouse) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    code = await house.kiosks.make_code(house.kiosk, ADMIN, house.now)
    await house.kiosks.enrol(code.code, hex_key(key), house.now)
    return key


async def test_a_code_enrols_once(house: StoreHouse) -> None:
    code = await house.kiosks.make_code(house.kiosk, ADMIN, house.now)
    letters, _, fingerprint = code.code.partition(".")
    assert fingerprint == "ab" * 32
    assert [len(group) for group in letters.split("-")] == [4, 4, 4, 4]
    key = hex_key(Ed25519PrivateKey.generate())
    result = await house.kiosks.enrol(letters.lower().replace("-", " "), key, house.now)
    assert (result.kiosk, result.centre, result.window, result.city) == (
        house.kiosk, SONGJIANG, "w-sj", "songjiang",
    )  # fmt: skip
    assert await refused(lambda: house.kiosks.enrol(code.code, key, house.now)) == "enrol_code_used"


async def test_two_at_once_spend_a_code_once(house: StoreHouse) -> None:
    code = (await house.kiosks.make_code(house.kiosk, ADMIN, house.now)).code
    keys = [hex_key(Ed25519PrivateKey.generate()) for _ in range(8)]
    results = await asyncio.gather(*(house.kiosks.enrol(code, key, house.now) for key in keys), return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1


async def test_a_code_ends_after_15_minutes_and_when_a_newer_one_is_made(house: StoreHouse) -> None:
    key = hex_key(Ed25519PrivateKey.generate())
    old = (await house.kiosks.make_code(house.kiosk, ADMIN, house.now)).code
    code = (await house.kiosks.make_code(house.kiosk, ADMIN, house.now)).code
    assert await refused(lambda: house.kiosks.enrol(old, key, house.now)) == "enrol_code_expired"
    house.clock.advance(15 * 60)
    assert await refused(lambda: house.kiosks.enrol(code, key, house.now)) == "enrol_code_expired"
    for wrong in ("", "AAAA", "AAAA-AAAA-AAAA-AAAA", "1" * 16, "编号" * 8):
        assert await refused(lambda wrong=wrong: house.kiosks.enrol(wrong, key, house.now)) == "enrol_code_unknown"
    assert await refused(lambda: house.kiosks.enrol(code, "00", house.now)) == "bad_public_key"


async def test_a_link_needs_the_key_and_a_fresh_nonce(house: StoreHouse) -> None:
    key = await enrolled(house)
    nonce = house.kiosks.challenge(house.kiosk)
    other = sign(Ed25519PrivateKey.generate(), nonce)
    verify = house.kiosks.verify_link
    assert await refused(lambda: verify(house.kiosk, nonce, other)) == "bad_signature"
    assert await refused(lambda: verify(house.kiosk, nonce, "zz")) == "bad_signature"
    assert await refused(lambda: verify(house.far_kiosk, nonce, sign(key, nonce))) == "bad_nonce"
    await verify(house.kiosk, nonce, sign(key, nonce))
    assert await refused(lambda: verify(house.kiosk, nonce, sign(key, nonce))) == "bad_nonce"
    late = house.kiosks.challenge(house.kiosk)
    house.clock.advance(LIFETIME + 1)
    assert await refused(lambda: verify(house.kiosk, late, sign(key, late))) == "bad_nonce"
    ghost = house.kiosks.challenge("k-ghost")
    assert await refused(lambda: verify("k-ghost", ghost, sign(key, ghost))) == "kiosk_unknown"
    new = house.kiosks.challenge(house.far_kiosk)
    assert await refused(lambda: verify(house.far_kiosk, new, sign(key, new))) == "kiosk_unknown"


async def test_a_revoked_kiosk_is_refused_for_good(house: StoreHouse) -> None:
    key = await enrolled(house)
    code = await house.kiosks.make_code(house.kiosk, ADMIN, house.now)
    await house.kiosks.revoke(house.kiosk, house.now)
    nonce = house.kiosks.challenge(house.kiosk)
    assert (await house.register.kiosk(house.kiosk)).revoked
    assert await refused(lambda: house.kiosks.verify_link(house.kiosk, nonce, sign(key, nonce))) == "kiosk_revoked"
    assert await refused(lambda: house.kiosks.enrol(code.code, hex_key(key), house.now)) == "enrol_code_expired"
    assert await refused(lambda: house.kiosks.make_code(house.kiosk, ADMIN, house.now)) == "kiosk_revoked"


async def test_only_virtual_windows_of_ones_scope_get_kiosks(house: StoreHouse) -> None:
    admin = Viewer(ADMIN, "admin", "city", SONGJIANG, "songjiang")
    create = house.kiosks.create
    assert await refused(lambda: create(WindowId("w-off"), house.now)) == "not_virtual"
    assert await refused(lambda: create(WindowId("w-none"), house.now)) == "unknown_window"
    assert await refused(lambda: create(WindowId("w-hf"), house.now, viewer=admin)) == "not_allowed"
    assert await refused(lambda: create(WindowId("w-sj"), house.now, kiosk=KioskId("hf-01"))) == "kiosk_taken"
    assert await refused(lambda: house.kiosks.revoke(house.far_kiosk, house.now, viewer=admin)) == "not_allowed"
    assert [row.kiosk for row in await house.kiosks.listed(admin)] == [house.kiosk]
    far = Viewer(ADMIN, "admin", "centre", HEFEI, "hefei")
    assert [row.kiosk for row in await house.kiosks.listed(far)] == [house.far_kiosk]


def test_answered_nonces_are_bounded_and_forgotten_when_they_expire() -> None:
    clock = FakeClock()
    challenges = Challenges(limit=2)

    def answer() -> None:
        nonce = challenges.give("k", clock.now())
        challenges.use(challenges.check("k", nonce, clock.now()), clock.now())

    answer()
    answer()
    with pytest.raises(Unavailable):
        answer()
    clock.advance(LIFETIME)
    answer()
