"""Headers, bodies that are wrong, pages, health."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.web_house import WebHouse, web_house
from vwindow.errors import Refused
from vwindow.web.ranges import span_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
POSTS = ("/api/sign-in", "/api/kiosk/enrol", "/api/kiosk/challenge")


def dist(folder: Path) -> None:
    for page in ("console", "admin"):
        (folder / "dist" / page).mkdir(parents=True)
        (folder / "dist" / page / "index.html").write_text(f"<p>{page}</p>", encoding="utf-8")
    (folder / "dist" / "assets").mkdir()
    (folder / "dist" / "assets" / "main-a1.js").write_text("export {}", encoding="utf-8")
    (folder / "secret.txt").write_text("secret", encoding="utf-8")


@pytest.mark.parametrize("path", ["/console/", "/api/me", "/nowhere", "/healthz", "/assets/main-a1.js", "/"])
async def test_every_answer_carries_the_security_headers(tmp_path: Path, path: str) -> None:
    dist(tmp_path)
    async with web_house(tmp_path) as house:
        headers = (await house.ask(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'; script-src 'self'; style-src 'self'" in policy
        assert f"connect-src 'self' ws://127.0.0.1:{house.server.port}" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Permissions-Policy"].startswith("camera=(self), microphone=(self)")
        immutable = path.startswith("/assets/")
        assert ("immutable" in headers["Cache-Control"]) is immutable
        assert ("no-store" in headers["Cache-Control"]) is not immutable


async def test_a_strange_host_is_not_repeated_in_the_policy(house: WebHouse) -> None:
    answer = await house.ask("/api/me", Host="a; script-src *")
    assert "*" not in answer.headers.get("Content-Security-Policy", "")


async def test_pages_assets_and_nothing_else(tmp_path: Path) -> None:
    dist(tmp_path)
    async with web_house(tmp_path) as house:
        root = await house.ask("/")
        assert (root.status, root.headers["Location"]) == (302, "/console/")
        assert (await house.ask("/admin")).headers["Location"] == "/admin/"
        assert (await house.ask("/admin/kiosks/k-1")).body == b"<p>admin</p>"
        script = await house.ask("/assets/main-a1.js")
        assert (script.body, script.headers["Content-Type"]) == (b"export {}", "text/javascript")
        (tmp_path / "dist" / "assets" / "link.js").symlink_to(tmp_path / "secret.txt")
        for path in (
            "../../secret.txt",
            "%2e%2e/%2e%2e/secret.txt",
            "..%2f..%2fsecret.txt",
            "link.js",
            "%00",
            "x" * 300,
        ):
            assert (await house.ask(f"/assets/{path}")).status == 404, path


async def test_pages_that_are_not_built_say_so(house: WebHouse) -> None:
    answer = await house.ask("/console/")
    assert answer.status == 503
    assert "scripts/setup" in answer.body.decode()


@pytest.mark.parametrize("path", POSTS)
async def test_bodies_that_are_wrong(house: WebHouse, path: str) -> None:
    for data in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"name": 1}', b"[" * 60000, b'{"a": NaN}'):
        answer = await house.ask(path, data=data)
        assert (answer.status, answer.code) == (400, "bad_body"), data[:20]
    large = await house.ask(path, data=b'{"name": "' + b"x" * 65536 + b'"}')
    assert (large.status, large.code) == (413, "too_large")
    form = await house.ask(path, data=b"name=a&password=b", Content_Type="application/x-www-form-urlencoded")
    assert (form.status, form.code) == (415, "not_json")
    extra = {"name": "a", "password": "b", "kiosk": "k", "code": "c", "public_key": "00" * 32, "more": 1}
    assert (await house.ask(path, extra)).code == "bad_body"
    assert (await house.ask(path)).code == "method_not_allowed"
    assert (await house.ask("/healthz")).status == 200


async def test_random_bodies_are_refused_and_never_break_anything(tmp_path: Path) -> None:
    async with web_house(tmp_path) as house:
        found: list[bytes] = []

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())))
        def collect(data: bytes) -> None:
            found.append(data)

        collect()
        for number, data in enumerate(found):
            house.store.clock.advance(60)
            answer = await house.ask(POSTS[number % 3], data=data)
            assert 400 <= answer.status < 500, (data, answer.status)


async def test_health_tells_what_is_down(house: WebHouse) -> None:
    assert (await house.ask("/healthz")).json == {"ok": True, "database": True, "worker": True, "stuck_writes": 0}
    house.worker = False
    down = await house.ask("/healthz")
    assert (down.status, down.json["worker"]) == (503, False)
    house.worker, house.stuck = True, 2
    stuck = await house.ask("/healthz")
    assert (stuck.status, stuck.json) == (503, {"ok": False, "database": True, "worker": True, "stuck_writes": 2})
    await house.store.database.close()
    assert (await house.ask("/healthz")).json["database"] is False
    answer = await house.ask("/api/kiosk/enrol", {"code": "AAAA-BBBB-CCCC-DDDD", "public_key": "00" * 32})
    assert (answer.status, answer.code, answer.json["error"]["retryable"]) == (503, "database_unavailable", True)


async def test_metrics_count_by_route_not_by_path(house: WebHouse) -> None:
    for number in range(3):
        await house.ask(f"/api/recordings/r-{number}")
        await house.ask(f"/stranger/{number}")
    text = (await house.ask("/metrics")).body.decode()
    assert 'route="/api/recordings/{recording}",status="401"} 3.0' in text
    assert 'vwindow_http_requests_total{method="GET",route="unknown",status="404"} 3.0' in text
    assert "stranger" not in text


async def test_a_proxy_with_another_name_is_allowed_by_setting(tmp_path: Path) -> None:
    async with web_house(tmp_path, allowed_origins=["https://desk.example"], secure=True) as house:
        body = {"name": "hefei.staff", "password": "a long pass phrase"}
        answer = await house.ask("/api/sign-in", body, Origin="https://desk.example")
        assert answer.status == 200
        assert "Secure" in answer.headers["Set-Cookie"]


@given(st.text(max_size=30) | st.from_regex(r"bytes=[0-9]*-[0-9]*", fullmatch=True), st.integers(0, 100))
def test_a_span_is_always_inside_the_file(header: str, size: int) -> None:
    try:
        span = span_of(header, size)
    except Refused:
        return
    if span is not None:
        assert 0 <= span.start < span.start + span.length <= size
