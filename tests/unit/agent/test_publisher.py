"""When the camera is sent, with connections that a test scripts. Needs nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from kiosk_agent.publisher import Publisher, Times
from kiosk_agent.tasks import TaskSet
from signaling import wire
from tests.fakes.kiosk_server import LIMIT, call

OK = wire.Ack(ok=True)
QUICK = Times(answer=0.2, connect=0.2, silence=0.1, look=0.01, first_delay=0.001, max_delay=0.002)


class ScriptedConnection:
    """A media connection that connects when answered, and hears reports as long as `alive`."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.state = "new"
        self.path: wire.Path | None = "udp"
        self.alive = True
        self.closed = False
        self.answered: str | None = None
        self._changed = changed
        self._packets = 0

    async def offer(self) -> str:
        return "v=0 offer"

    async def answer(self, sdp: str) -> None:
        self.answered = sdp
        if sdp == "unusable":
            raise ConnectionError("unusable")
        if sdp != "unreachable":
            self.turn("connected")

    async def received(self) -> int:
        self._packets += self.alive
        return self._packets

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True

    def turn(self, state: str) -> None:
        self.state = state
        self._changed()


class Floor:
    """A publisher with its surroundings."""

    def __init__(self) -> None:
        self.tasks = TaskSet("test")
        self.link_up = asyncio.Event()
        self.link_up.set()
        self.made: list[ScriptedConnection] = []
        self.offers: list[wire.MediaOffer] = []
        self.paths: list[str] = []
        self.acks: list[wire.Ack] = []
        self.answers: list[str] = []
        self._changed = asyncio.Event()
        self.publisher = Publisher(
            self._connect, self._emit, self.link_up, self.tasks, errors=(ConnectionError,), times=QUICK
        )

    def _connect(self, changed: Callable[[], None]) -> ScriptedConnection:
        self.made.append(ScriptedConnection(changed))
        return self.made[-1]

    async def _emit(self, event: str, payload: wire.Wire) -> wire.Ack:
        if isinstance(payload, wire.PathReport):
            assert (event, payload.part, payload.call) == ("media.path", "agent", "call-1")
            self.paths.append(payload.path)
            return OK
        assert event == "media.offer" and isinstance(payload, wire.MediaOffer)
        self.offers.append(payload)
        ack = self.acks.pop(0) if self.acks else OK
        if ack.ok:
            sdp = self.answers.pop(0) if self.answers else "good"
            if sdp != "none":
                self.publisher.take(wire.MediaAnswer(call=payload.call, part="agent", sdp=sdp, slots=[]))
        self._changed.set()
        return ack

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT):
            while not ready():
                await asyncio.sleep(0.001)


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    made = Floor()
    yield made
    await made.publisher.close()
    await made.tasks.close()
    assert all(connection.closed for connection in made.made)


def sending(floor: Floor) -> Callable[[], bool]:
    return lambda: floor.publisher.state == "sending"


async def test_it_sends_from_connecting_to_the_end(floor: Floor) -> None:
    for phase in ("waiting", "ringing"):
        floor.publisher.follow(call(phase))
    assert floor.made == []
    floor.publisher.follow(call("connecting"))
    await floor.until(sending(floor))
    floor.publisher.follow(call("talking"))
    floor.publisher.follow(call("talking"))
    assert floor.offers == [wire.MediaOffer(call="call-1", part="agent", sdp="v=0 offer")]
    floor.publisher.follow(call("ended"))
    await floor.until(lambda: floor.made[0].closed)
    assert len(floor.made) == 1 and floor.publisher.state == "off"


@pytest.mark.parametrize("fault", ["silent", "failed", "renewed"])
async def test_a_dead_connection_is_replaced(fault: str, floor: Floor) -> None:
    floor.publisher.follow(call("talking"))
    await floor.until(sending(floor))
    if fault == "silent":
        floor.made[0].alive = False
    elif fault == "failed":
        floor.made[0].turn("failed")
    else:
        floor.publisher.renew()
    await floor.until(lambda: len(floor.made) == 2 and floor.publisher.state == "sending")
    assert floor.made[0].closed and len(floor.offers) == 2


@pytest.mark.parametrize("answer", ["none", "unusable", "unreachable"])
async def test_an_answer_that_does_not_help_means_another_try(answer: str, floor: Floor) -> None:
    floor.answers = [answer]
    floor.publisher.follow(call("talking"))
    await floor.until(sending(floor))
    assert len(floor.offers) == 2 and floor.made[0].closed


async def test_a_refusal_for_good_is_taken(floor: Floor) -> None:
    floor.acks = [wire.Ack(ok=False, error=wire.WireError(code="bad_offer", retryable=False))]
    floor.publisher.follow(call("talking"))
    await floor.until(lambda: floor.publisher.state == "refused")
    await floor.until(lambda: floor.made[0].closed)
    assert len(floor.offers) == 1
    floor.publisher.follow(call("connecting", "call-2"))
    await floor.until(sending(floor))


async def test_a_refusal_for_now_is_tried_again(floor: Floor) -> None:
    floor.acks = [wire.Ack(ok=False, error=wire.WireError(code="link_down", retryable=True))]
    floor.answers = ["none"]
    floor.publisher.follow(call("talking"))
    await floor.until(lambda: len(floor.offers) == 2)
    later = wire.MediaRefused(call="call-1", part="agent", error=wire.WireError(code="worker_lost", retryable=True))
    floor.publisher.take(later)
    await floor.until(sending(floor))
    assert len(floor.offers) == 3


async def test_nothing_is_offered_while_the_link_is_down(floor: Floor) -> None:
    floor.link_up.clear()
    floor.publisher.follow(call("talking"))
    await asyncio.sleep(0)
    assert floor.made == []
    floor.link_up.set()
    await floor.until(sending(floor))


async def test_answers_for_others_are_not_ours(floor: Floor) -> None:
    floor.answers = ["none"]
    floor.publisher.follow(call("talking"))
    await floor.until(lambda: len(floor.offers) == 1)
    for name, part in (("call-9", "agent"), ("call-1", "page")):
        floor.publisher.take(wire.MediaAnswer(call=name, part=part, sdp="good", slots=[]))  # type: ignore[arg-type]
    assert floor.made[0].answered is None


async def test_closing_twice_at_once_closes_the_connection_whole(floor: Floor) -> None:
    floor.publisher.follow(call("talking"))
    await floor.until(sending(floor))
    await asyncio.gather(floor.publisher.close(), floor.tasks.close())
    assert floor.made[0].closed


async def test_another_room_of_the_call_gets_a_connection_of_its_own(floor: Floor) -> None:
    first = call("talking")
    floor.publisher.follow(first)
    await floor.until(lambda: floor.publisher.state == "sending")
    floor.publisher.follow(first.model_copy(update={"recording": "writing"}))
    assert len(floor.made) == 1
    floor.publisher.follow(first.model_copy(update={"media": 2, "phase": "connecting"}))
    await floor.until(lambda: len(floor.made) == 2 and floor.publisher.state == "sending")
    await floor.until(lambda: floor.made[0].closed)
    floor.publisher.follow(None)
    assert floor.publisher.state == "off"


async def test_the_path_is_told_once_and_when_it_changes_and_when_the_link_is_back(floor: Floor) -> None:
    floor.publisher.follow(call("talking"))
    await floor.until(lambda: floor.paths == ["udp"])
    floor.made[0].path = "relay_tls"
    floor.made[0].turn("connected")
    await floor.until(lambda: floor.paths == ["udp", "relay_tls"])
    floor.publisher.tell_path()
    await floor.until(lambda: floor.paths == ["udp", "relay_tls", "relay_tls"])
    floor.publisher.follow(call("ended"))
    floor.publisher.tell_path()
    assert floor.publisher.path is None and len(floor.paths) == 3
