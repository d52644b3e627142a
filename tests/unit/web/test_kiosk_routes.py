"""Agents enrol and are challenged; administrators make and revoke kiosks."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fakes.store_house import HEFEI, SONGJIANG
from tests.fakes.web_house import WebHouse
from vwindow.store.kiosks import LINK_CONTEXT


async def as_admin(house: WebHouse) -> None:
    await house.store.person("admin", SONGJIANG, "admin", "city")
    assert (await house.sign_in("admin")).status == 200


async def test_from_a_new_kiosk_to_its_link_and_its_end(house: WebHouse) -> None:
    await as_admin(house)
    kiosk = (await house.ask("/api/admin/kiosks", {"window": "w-sj"})).json["kiosk"]
    code = (await house.ask(f"/api/admin/kiosks/{kiosk}/code", {})).json
    assert code["expires_at"] == "2026-03-02T09:15:00+00:00"
    key = Ed25519PrivateKey.generate()
    house.session.cookie_jar.clear()
    body = {"code": code["code"], "public_key": key.public_key().public_bytes_raw().hex()}
    enrolled = await house.ask("/api/kiosk/enrol", body, Origin="")
    assert enrolled.json == {"kiosk": kiosk, "centre": SONGJIANG, "window": "w-sj", "city": "songjiang"}
    assert house.enrolled == [kiosk]
    again = await house.ask("/api/kiosk/enrol", body, Origin="")
    assert (again.status, again.code) == (409, "enrol_code_used")
    nonce = (await house.ask("/api/kiosk/challenge", {"kiosk": kiosk}, Origin="")).json["nonce"]
    signature = key.sign(LINK_CONTEXT + bytes.fromhex(nonce)).hex()
    await house.store.kiosks.verify_link(kiosk, nonce, signature)
    await house.sign_in("admin")
    assert (await house.ask(f"/api/admin/kiosks/{kiosk}/revoke", {})).status == 200
    assert house.revoked == [kiosk]
    rows = {row["kiosk"]: row for row in (await house.ask("/api/admin/kiosks")).json["kiosks"]}
    assert set(rows) == {kiosk, house.store.kiosk}
    assert rows[kiosk]["revoked_at"] == "2026-03-02T09:00:00+00:00"


async def test_an_old_code_is_said_to_be_old(house: WebHouse) -> None:
    code = await house.store.kiosks.make_code(house.store.kiosk, house.store.staff["hefei.staff"], house.store.now)
    house.store.clock.advance(900)
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    answer = await house.ask("/api/kiosk/enrol", {"code": code.code, "public_key": key})
    assert (answer.status, answer.code) == (410, "enrol_code_expired")
    answer = await house.ask("/api/kiosk/enrol", {"code": "AAAA-BBBB-CCCC-DDDD", "public_key": key})
    assert (answer.status, answer.code) == (404, "enrol_code_unknown")


async def test_enrolment_cannot_be_tried_without_end(house: WebHouse) -> None:
    body = {"code": "AAAA-BBBB-CCCC-DDDD", "public_key": "00" * 32}
    codes = [(await house.ask("/api/kiosk/enrol", body)).code for _ in range(21)]
    assert codes == ["enrol_code_unknown"] * 20 + ["too_many"]


@pytest.mark.parametrize(
    ("role", "list_status"),
    [("staff", 403), ("supervisor", 403), ("evaluator", 403), ("technician", 200), ("admin", 200)],
)
async def test_who_may_see_and_change_kiosks(house: WebHouse, role: str, list_status: int) -> None:
    assert (await house.ask("/api/admin/kiosks")).status == 401
    await house.store.person("person", HEFEI, role, "centre")  # type: ignore[arg-type]
    await house.sign_in("person")
    assert (await house.ask("/api/admin/kiosks")).status == list_status
    changes = ("/api/admin/kiosks", f"/api/admin/kiosks/{house.store.far_kiosk}/code")
    for path in (*changes, f"/api/admin/kiosks/{house.store.far_kiosk}/revoke"):
        answer = await house.ask(path, {"window": "w-hf"})
        assert answer.status == (200 if role == "admin" else 403), path
    foreign = await house.ask(f"/api/admin/kiosks/{house.store.kiosk}/revoke", {})
    assert (foreign.status, foreign.code) == (403, "not_allowed")
