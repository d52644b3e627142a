"""The page's door: what the agent serves to its own page, and to nobody else. Real sockets on 127.0.0.1."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
import socketio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk_agent import bridge
from kiosk_agent.agent import Agent
from kiosk_agent.enrol import enrol
from kiosk_agent.settings import Settings
from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import PAGE_TO_AGENT
from tests.fakes.kiosk_server import LIMIT, FakeKioskServer, call, kiosk_server, mirror

INDEX = '<!doctype html><html><head><meta name="page-token" content=""><title>kiosk</title></head></html>'
ASK = {"city": "hefei", "item": 1, "recording": "accepted", "request": "r1"}


@pytest.fixture
async def server() -> AsyncIterator[FakeKioskServer]:
    async with kiosk_server() as running:
        yield running


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "kiosk").mkdir(parents=True)
    (tmp_path / "dist" / "assets").mkdir()
    (tmp_path / "dist" / "kiosk" / "index.html").write_text(INDEX)
    (tmp_path / "dist" / "assets" / "kiosk-abc.js").write_text("1")
    (tmp_path / "dist" / "secret.txt").write_text("no")
    return tmp_path / "dist"


class Stage:
    """A running agent with what a page has: a session and the token."""

    def __init__(self, agent: Agent, session: aiohttp.ClientSession) -> None:
        self.agent = agent
        self.session = session
        self.url = agent.url.rstrip("/")
        self.token = ""
        self.pages: list[Page] = []

    async def get(self, path: str, token: str | None = None, **headers: str) -> tuple[int, str, Any]:
        params = {} if token is None else {"token": token}
        async with self.session.get(self.url + path, params=params, headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def open(self, token: str | None = None, **headers: str) -> "Page":
        page = Page()
        self.pages.append(page)
        await page.connect(self.url, self.token if token is None else token, headers)
        return page


class Page:
    """The page's Socket.IO end."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.tasks = TaskSet("page")
        self.client.eio.start_background_task = self.tasks.adopt
        self.got: list[tuple[str, Any]] = []
        self.lost = asyncio.Event()
        self._changed = asyncio.Event()
        self.client.on("*", self._take, namespace="/page")
        self.client.on("disconnect", lambda *_: self.lost.set(), namespace="/page")

    def _take(self, event: str, payload: Any) -> None:
        self.got.append((event, payload))
        self._changed.set()

    async def connect(self, url: str, token: str, headers: dict[str, str]) -> None:
        await self.client.connect(
            url, headers=headers, auth={"token": token}, namespaces=["/page"], transports=["websocket"], wait_timeout=5
        )

    async def ask(self, event: str, *payload: Any) -> dict[str, Any]:
        answer = await self.client.call(event, tuple(payload), namespace="/page", timeout=LIMIT)
        assert isinstance(answer, dict)
        wire.Ack.model_validate(answer)
        return answer

    async def until(self, event: str, found: Callable[[Any], bool] = lambda _: True) -> Any:
        async with asyncio.timeout(LIMIT):
            while not (hits := [payload for name, payload in self.got if name == event and found(payload)]):
                self._changed.clear()
                await self._changed.wait()
        return hits[-1]

    async def close(self) -> None:
        await self.client.disconnect()
        await self.tasks.close()


@pytest.fixture
async def stage(server: FakeKioskServer, static: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = Settings(
        data_dir=tmp_path / "kiosk", port=0, camera="simulated:320x240@30", browser=False, static_dir=static
    )
    await enrol(server.url, f"{server.code}.plain", settings.data_dir)
    agent = Agent(settings)
    await agent.start()
    async with aiohttp.ClientSession() as session:
        made = Stage(agent, session)
        status, page, _ = await made.get("/")
        assert status == 200
        made.token = re.findall(r'<meta name="page-token" content="([^"]{20,})">', page)[0]
        yield made
        for page in made.pages:
            await page.close()
    await agent.close()


async def test_the_page_comes_with_a_token_and_a_strict_policy(stage: Stage) -> None:
    _, _, headers = await stage.get("/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "img-src 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    status, body, headers = await stage.get("/assets/kiosk-abc.js")
    assert (status, body) == (200, "1") and "immutable" in headers["Cache-Control"]
    assert headers["Content-Security-Policy"] == policy


@pytest.mark.parametrize("path", ["/state.json", "/catalogue.json", "/preview.mjpg", "/nothing"])
async def test_the_token_is_asked_for(path: str, stage: Stage) -> None:
    for token in (None, "", "x", stage.token + "x"):
        status, body, headers = await stage.get(path, token)
        assert status == 403 and json.loads(body)["error"]["code"] == "bad_token"
        assert "Content-Security-Policy" in headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]:8700"])
async def test_another_host_is_refused(host: str, stage: Stage) -> None:
    status, body, _ = await stage.get("/", Host=host)
    assert status == 403 and json.loads(body)["error"]["code"] == "foreign_host"
    assert stage.token not in body


async def test_localhost_is_ours_too(stage: Stage) -> None:
    assert (await stage.get("/", Host=f"localhost:{stage.agent.url.rstrip('/').rpartition(':')[2]}"))[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
async def test_another_origin_is_refused(origin: str, stage: Stage) -> None:
    status, body, _ = await stage.get("/state.json", stage.token, Origin=origin)
    assert status == 403 and json.loads(body)["error"]["code"] == "foreign_origin"
    with pytest.raises(socketio.exceptions.ConnectionError):
        await stage.open(Origin=origin)
    assert (await stage.get("/state.json", stage.token, Origin=stage.url))[0] == 200


async def test_files_outside_the_assets_are_not_served(stage: Stage) -> None:
    for path in ("/assets/../secret.txt", "/assets/%2e%2e/secret.txt", "/secret.txt", "/assets/none.js", "/assets/"):
        status, body, _ = await stage.get(path, stage.token)
        assert status in (403, 404) and body != "no"


async def test_a_page_with_a_wrong_token_gets_nothing(stage: Stage, server: FakeKioskServer) -> None:
    for token in ("", "guess"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await stage.open(token)
        assert stage.pages[-1].got == []
    assert stage.agent.describe()["pages"] == 0


async def test_a_page_is_welcomed_and_talks_to_the_server(stage: Stage, server: FakeKioskServer) -> None:
    await server.until("kiosk.hello")
    page = await stage.open(Origin=stage.url)
    assert await page.until("link.changed") == {"up": True, "reason": ""}
    assert (await page.until("kiosk.mirror"))["kiosk"] == "kiosk-1"
    server.answers["call.ask"] = {"ok": True, "error": None, "call": "call-7"}
    assert await page.ask("call.ask", ASK) == {"ok": True, "error": None, "call": "call-7"}
    assert (await server.until("call.ask"))[0] == wire.CallAsk(**ASK)
    await server.tell("call.changed", call(position=3))
    assert (await page.until("call.changed"))["position"] == 3
    hellos = await server.until("kiosk.hello", 2)
    assert hellos[-1].page_open


async def test_a_lost_link_is_told_and_the_last_mirror_kept(stage: Stage, server: FakeKioskServer) -> None:
    first = await stage.open()
    await first.until("kiosk.mirror")
    server.revoked = True
    await server.drop()
    await first.until("link.changed", lambda state: state == {"up": False, "reason": "revoked"})
    assert (await first.ask("call.hang_up", {"call": "call-1"}))["error"] == {"code": "link_down", "retryable": True}
    second = await stage.open()
    assert (await second.until("link.changed"))["reason"] == "revoked"
    assert (await second.until("kiosk.mirror"))["kiosk"] == "kiosk-1"


@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("call.ask", [{**ASK, "item": 999}], "bad_payload"),
        ("call.ask", [{**ASK, "extra": 1}], "bad_payload"),
        ("call.ask", [ASK, ASK], "bad_payload"),
        ("call.ask", ["hello"], "bad_payload"),
        ("call.ask", [], "bad_payload"),
        ("call.hang_up", [b"bytes"], "bad_payload"),
        ("kiosk.hello", [{"version": "1", "devices": {}}], "unknown_event"),
        ("rm -rf", [{}], "unknown_event"),
        ("media.offer", [{"call": "call-1", "part": "agent", "sdp": "v=0"}], "bad_part"),
        ("media.offer", [{"call": "call-1", "part": "console", "sdp": "v=0"}], "bad_part"),
    ],
)
async def test_what_is_not_on_the_wire_is_refused(
    event: str, payload: list[Any], code: str, stage: Stage, server
) -> None:  # type: ignore[no-untyped-def]
    page = await stage.open()
    await page.until("kiosk.mirror")
    answer = await page.ask(event, *payload)
    assert answer["error"]["code"] == code
    assert (await page.ask("call.hang_up", {"call": "call-1"}))["ok"]
    assert {name for name, _ in server.got} <= {"challenge", "catalogue", "kiosk.hello", "mirror.ask", "call.hang_up"}


async def test_an_oversized_message_ends_its_connection_only(stage: Stage) -> None:
    page, other = await stage.open(), await stage.open()
    with pytest.raises(socketio.exceptions.SocketIOError):
        await page.client.call("call.ask", "x" * (wire.MAX_MESSAGE_BYTES + 1), namespace="/page", timeout=0.5)
    await asyncio.wait_for(page.lost.wait(), LIMIT)
    assert (await other.ask("call.hang_up", {"call": "call-1"}))["ok"]


async def test_a_flood_is_limited_and_ended(stage: Stage, server: FakeKioskServer) -> None:
    page, other = await stage.open(), await stage.open()
    flood = bridge.REFUSALS_BEFORE_GOODBYE + int(bridge.EVENT_BURST) + 100
    for _ in range(flood):
        await page.client.emit("call.hang_up", {"call": "call-1"}, namespace="/page")
    await asyncio.wait_for(page.lost.wait(), LIMIT)
    assert len([name for name, _ in server.got if name == "call.hang_up"]) < bridge.EVENT_BURST * 2
    assert (await other.ask("call.hang_up", {"call": "call-1"}))["ok"]


async def test_only_a_few_pages(stage: Stage) -> None:
    for _ in range(bridge.MAX_PAGES):
        await stage.open()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await stage.open()


async def test_the_catalogue_is_kept_for_bad_days(stage: Stage, server: FakeKioskServer, static: Path) -> None:
    await server.until("catalogue")
    async with asyncio.timeout(LIMIT):
        while (await stage.get("/catalogue.json", stage.token))[0] == 503:
            await asyncio.sleep(0)
    status, body, headers = await stage.get("/catalogue.json", stage.token)
    assert status == 200 and json.loads(body) == server.catalogue and headers["ETag"] == '"1"'
    assert (await stage.get("/catalogue.json", stage.token, **{"If-None-Match": '"1"'}))[0] == 304
    await stage.agent.close()
    await server.close()
    again = Agent(Settings(data_dir=stage.agent._settings.data_dir, port=0, browser=False, static_dir=static))
    await again.start()
    try:
        later = Stage(again, stage.session)
        later.token = again._guard.token
        status, body, _ = await later.get("/catalogue.json", later.token)
        assert status == 200 and json.loads(body) == server.catalogue
        assert later.token != stage.token
    finally:
        await again.close()


async def test_the_preview_is_a_stream_of_pictures_for_two(stage: Stage) -> None:
    def address() -> Any:
        return stage.session.get(f"{stage.url}/preview.mjpg", params={"token": stage.token})

    async with asyncio.timeout(LIMIT), address() as one, address() as two:
        assert one.content_type == "multipart/x-mixed-replace"
        for response in (one, two):
            reader = aiohttp.MultipartReader.from_response(response)
            for _ in range(3):
                body = await anext(reader)  # type: ignore[arg-type]
                assert isinstance(body, aiohttp.BodyPartReader)
                image = cv2.imdecode(np.frombuffer(await body.read(), np.uint8), cv2.IMREAD_COLOR)
                assert image is not None and image.shape == (240, 320, 3)
        assert stage.agent.describe()["preview_viewers"] == 2
        async with address() as three:
            assert three.status == 503 and (await three.json())["error"]["code"] == "too_many"
    async with asyncio.timeout(LIMIT):
        while stage.agent.describe()["preview_viewers"]:
            await asyncio.sleep(0.01)


async def test_the_state_tells_nothing_about_a_visitor(stage: Stage, server: FakeKioskServer) -> None:
    await server.until("kiosk.hello")
    server.mirror = mirror(call("waiting"))
    page = await stage.open()
    await page.until("kiosk.mirror", lambda seen: seen["call"] is not None)
    state = json.loads((await stage.get("/state.json", stage.token))[1])
    assert state["link"] == {"up": True, "reason": ""} and state["call"] == "waiting" and state["pages"] == 1
    assert state["devices"]["face_camera"]["state"] == "ready"
    assert stage.token not in json.dumps(state)


async def test_a_kiosk_that_is_not_enrolled_still_shows_its_page(static: Path, tmp_path: Path) -> None:
    agent = Agent(Settings(data_dir=tmp_path / "new", port=0, camera="absent", browser=False, static_dir=static))
    await agent.start()
    async with aiohttp.ClientSession() as session:
        stage = Stage(agent, session)
        stage.token = agent._guard.token
        page = await stage.open()
        try:
            assert await page.until("link.changed") == {"up": False, "reason": "not_enrolled"}
            assert (await page.ask("call.ask", ASK))["error"]["code"] == "link_down"
        finally:
            await page.close()
            await agent.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=20) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["call", "part", "sdp", "city", "item", "recording", "request", "grade", "name", "phone"])


async def test_no_event_of_a_page_breaks_the_bridge(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "EVENT_BURST", 10_000.0)
    monkeypatch.setattr(bridge, "REFUSALS_BEFORE_GOODBYE", 10_000)
    page = await stage.open()
    await page.until("kiosk.mirror")
    examples: list[tuple[str, Any]] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([*PAGE_TO_AGENT, "other", ""]), VALUES | st.dictionaries(KEYS, VALUES, max_size=5))
    def collect(event: str, payload: Any) -> None:
        examples.append((event, payload))

    collect()
    for event, payload in examples:
        answer = await page.ask(event, payload)
        assert answer["ok"] or answer["error"]["code"] in ("bad_payload", "unknown_event", "bad_part"), (event, payload)
    assert (await page.ask("call.hang_up", {"call": "call-1"}))["ok"]
