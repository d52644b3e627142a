"""Enrolment and link of the agent against a fake server on a real socket."""

import asyncio
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_agent import enrolment, link
from kiosk_agent.enrol import enrol
from kiosk_agent.link import Link
from kiosk_agent.server_http import PinError, ServerError
from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import LinkState
from tests.fakes.kiosk_server import KIOSK, LIMIT, FakeKioskServer, call, kiosk_server


@pytest.fixture
async def server() -> AsyncIterator[FakeKioskServer]:
    async with kiosk_server() as running:
        yield running


class Ear:
    """Listen to a link; wait for a state or an event."""

    def __init__(self) -> None:
        self.states: list[LinkState] = []
        self.events: list[tuple[str, wire.Wire]] = []
        self._changed = asyncio.Event()

    def link_changed(self, state: LinkState) -> None:
        self.states.append(state)
        self._changed.set()

    def received(self, event: str, payload: wire.Wire) -> None:
        self.events.append((event, payload))
        self._changed.set()

    async def until(self, up: bool, reason: str = "") -> None:
        wanted = LinkState(up=up, reason=reason)
        async with asyncio.timeout(LIMIT):
            while not self.states or self.states[-1] != wanted:
                self._changed.clear()
                await self._changed.wait()

    async def heard(self, event: str, count: int = 1) -> list[wire.Wire]:
        async with asyncio.timeout(LIMIT):
            while len(found := [payload for name, payload in self.events if name == event]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found


class Linked:
    """An enrolled kiosk with a running link."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.ear = Ear()
        self.tasks = TaskSet("test")
        self.link: Link | None = None

    async def start(self, server: FakeKioskServer) -> Link:
        enrolled = await enrol(server.url, f"{server.code}.{server.pin}", self.data_dir)
        return self.run(enrolled)

    def run(self, enrolled: enrolment.Enrolment, key: Ed25519PrivateKey | None = None) -> Link:
        key = key or enrolment.load_key(self.data_dir, enrolled.key_file)
        hello = wire.KioskHello(version="1", devices={"face_camera": "ready"})
        self.link = Link(enrolled, key, self.ear, lambda: hello, jitter=lambda: 0.0, first_delay=0.02)
        self.tasks.start(self.link.run(), "link")
        return self.link


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Linked]:
    made = Linked(tmp_path / "kiosk")
    yield made
    await made.tasks.close()


async def test_enrolling_keeps_a_private_key_and_where_we_belong(server: FakeKioskServer, tmp_path: Path) -> None:
    data_dir = tmp_path / "kiosk"
    enrolled = await enrol(server.url + "/", f" {server.code}.PLAIN ", data_dir)
    assert (enrolled.kiosk, enrolled.city, enrolled.pin, enrolled.server) == (KIOSK, "songjiang", "plain", server.url)
    assert enrolment.load(data_dir) == enrolled
    key_path = data_dir / enrolled.key_file
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600 and stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    key = enrolment.load_key(data_dir, enrolled.key_file)
    assert enrolment.public_bytes(key).hex() == server.public_key


async def test_a_used_code_is_refused_and_leaves_the_old_enrolment(server: FakeKioskServer, tmp_path: Path) -> None:
    enrolled = await enrol(server.url, f"{server.code}.plain", tmp_path)
    with pytest.raises(ServerError, match="enrol_code_used"):
        await enrol(server.url, f"{server.code}.plain", tmp_path)
    assert enrolment.load(tmp_path) == enrolled
    assert [path.name for path in tmp_path.glob("*.key")] == [enrolled.key_file]


@pytest.mark.parametrize("code", ["AAAA-BBBB", "AAAA-BBBB.", "AAAA-BBBB.xyz", "AAAA-BBBB." + "ab" * 32])
async def test_a_code_that_does_not_fit_the_address_is_refused(
    code: str, server: FakeKioskServer, tmp_path: Path
) -> None:
    with pytest.raises(PinError):
        await enrol(server.url, code, tmp_path)
    assert server.public_key == "" and not list(tmp_path.iterdir())


async def test_the_link_comes_up_says_hello_and_hears_the_mirror(server: FakeKioskServer, linked: Linked) -> None:
    await linked.start(server)
    await linked.ear.until(up=True)
    hello = (await server.until("kiosk.hello"))[0]
    assert hello.devices == {"face_camera": "ready"}
    assert await linked.ear.heard("kiosk.mirror") == [server.mirror]


async def test_events_go_up_with_their_answer_and_come_down_in_order(server: FakeKioskServer, linked: Linked) -> None:
    up = await linked.start(server)
    await linked.ear.until(up=True)
    server.answers["call.hang_up"] = {"ok": False, "error": {"code": "unknown_call", "retryable": False}, "call": None}
    ack = await up.emit("call.hang_up", wire.CallRef(call="call-9"))
    assert not ack.ok and ack.error is not None and ack.error.code == "unknown_call"
    told = [call(position=number) for number in range(20)]
    for each in told:
        await server.tell("call.changed", each)
    assert await linked.ear.heard("call.changed", 20) == told


async def test_a_lost_link_is_told_and_comes_back(server: FakeKioskServer, linked: Linked) -> None:
    await linked.start(server)
    await linked.ear.until(up=True)
    await server.until("kiosk.hello")
    await server.drop()
    await server.until("kiosk.hello", 2)
    await linked.ear.until(up=True)
    assert LinkState(up=False, reason="unreachable") in linked.ear.states


async def test_a_restarted_server_is_found_again(server: FakeKioskServer, linked: Linked) -> None:
    await linked.start(server)
    await linked.ear.until(up=True)
    await server.close()
    await linked.ear.until(up=False, reason="unreachable")
    again = FakeKioskServer()
    again.public_key = server.public_key
    await again.start(server.port)
    try:
        await linked.ear.until(up=True)
    finally:
        await linked.tasks.close()
        await again.close()


@pytest.mark.parametrize(("fault", "reason"), [("revoked", "revoked"), ("unknown", "not_enrolled")])
async def test_a_refusal_is_shown_and_retried_slowly(
    fault: str, reason: str, server: FakeKioskServer, linked: Linked
) -> None:
    setattr(server, fault, True)
    up = await linked.start(server)
    await linked.ear.until(up=False, reason=reason)
    assert server.challenges == 1
    setattr(server, fault, False)
    up.nudge()
    await linked.ear.until(up=True)
    assert server.challenges == 2


async def test_another_key_is_refused(server: FakeKioskServer, linked: Linked) -> None:
    enrolled = await enrol(server.url, f"{server.code}.plain", linked.data_dir)
    linked.run(enrolled, Ed25519PrivateKey.generate())
    await linked.ear.until(up=False, reason="not_enrolled")


async def test_a_server_in_trouble_is_tried_again_soon(server: FakeKioskServer, linked: Linked) -> None:
    server.down = True
    enrolled = enrolment.Enrolment(server.url, KIOSK, "c", "w", "songjiang", "plain", "none.key")
    key = Ed25519PrivateKey.generate()
    server.public_key = enrolment.public_bytes(key).hex()
    linked.run(enrolled, key)
    server.down = False
    await linked.ear.until(up=True)


async def test_a_silent_server_is_an_answer(
    server: FakeKioskServer, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = await linked.start(server)
    await linked.ear.until(up=True)
    await server.until("kiosk.hello")
    server.silent.set()
    monkeypatch.setattr(link, "ANSWER_SECONDS", 0.05)
    ack = await up.emit("mirror.ask", wire.Empty())
    assert ack.error is not None and (ack.error.code, ack.error.retryable) == ("no_answer", True)


async def test_a_link_lost_while_waiting_is_an_answer_at_once(server: FakeKioskServer, linked: Linked) -> None:
    up = await linked.start(server)
    await linked.ear.until(up=True)
    await server.until("kiosk.hello")
    server.silent.set()
    asked = asyncio.ensure_future(up.emit("mirror.ask", wire.Empty()))
    await server.until("mirror.ask")
    await server.vanish()
    ack = await asyncio.wait_for(asked, 1)
    assert ack.error is not None and ack.error.code == "link_down"


async def test_no_link_is_an_answer(linked: Linked) -> None:
    enrolled = enrolment.Enrolment("http://127.0.0.1:1", KIOSK, "c", "w", "songjiang", "plain", "none.key")
    up = linked.run(enrolled, Ed25519PrivateKey.generate())
    ack = await up.emit("mirror.ask", wire.Empty())
    assert ack.error is not None and ack.error.code == "link_down"


async def test_what_cannot_be_read_is_dropped_and_said_once(
    server: FakeKioskServer, linked: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    await linked.start(server)
    await linked.ear.until(up=True)
    for bad in ({"call": 1}, {"surprise": True}, {}):
        await server.tell("call.changed", bad)
    await server.tell("call.changed", call())
    assert await linked.ear.heard("call.changed") == [call()]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


async def test_the_server_is_known_by_its_certificate(tmp_path: Path, linked: Linked) -> None:
    async with kiosk_server(tmp_path / "tls") as server:
        up = await linked.start(server)
        await linked.ear.until(up=True)
        assert (await up.emit("mirror.ask", wire.Empty())).ok
        await linked.tasks.close()


async def test_another_certificate_ends_the_trust(tmp_path: Path, linked: Linked) -> None:
    async with kiosk_server(tmp_path / "tls") as server:
        enrolled = await enrol(server.url, f"{server.code}.{server.pin}", linked.data_dir)
        port = server.port
    impostor = FakeKioskServer()
    await impostor.start(port, tmp_path / "other")
    try:
        linked.run(enrolled)
        await linked.ear.until(up=False, reason="certificate")
        assert impostor.challenges == 0
    finally:
        await linked.tasks.close()
        await impostor.close()


async def test_an_impostor_gets_no_enrolment(tmp_path: Path) -> None:
    async with kiosk_server(tmp_path / "tls") as server:
        with pytest.raises(link.CERTIFICATE_ERRORS):
            await enrol(server.url, f"{server.code}.{'ab' * 32}", tmp_path / "kiosk")
        assert server.public_key == ""
