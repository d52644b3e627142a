"""The one link to the server: up or down, with back-off, and nothing else to know about it."""

import asyncio
import logging
import random
import re
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import socketio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from kiosk_agent.enrolment import Enrolment
from kiosk_agent.server_http import (
    CERTIFICATE_ERRORS,
    UNREACHABLE_ERRORS,
    ServerError,
    open_session,
    post_json,
)
from kiosk_agent.tasks import TaskSet
from signaling import wire
from signaling.events import SERVER_TO_KIOSK, LinkState

log = logging.getLogger(__name__)

NAMESPACE = "/kiosk"
CONTEXT = b"vwindow-kiosk-link:"
"""Goes before the nonce in what is signed, so that the signature is good for nothing else."""
FIRST_DELAY, MAX_DELAY = 0.5, 10.0
HURRY_SECONDS, HURRY_DELAY = 20.0, 0.8
"""A call waits 15 s for its kiosk: so long after a loss we do not wait long between tries."""
REFUSED_DELAY = 60.0
"""The server knows us and says no: only an administrator changes that."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 1.0
LEAVE_SECONDS = 0.5
MAX_FROM_SERVER = 256 * 1024

REFUSALS = {
    "kiosk_revoked": "revoked",
    "kiosk_unknown": "not_enrolled",
    "bad_signature": "not_enrolled",
    "bad_credentials": "not_enrolled",
}
"""What the server says about us that time does not heal, and the reason shown for it."""


class Listener(Protocol):
    """Who is told about the link; called on the loop, must not wait."""

    def link_changed(self, state: LinkState) -> None: ...

    def received(self, event: str, payload: wire.Wire) -> None: ...


def next_delay(delay: float, down: float) -> float:
    """Return the base of the next wait of a link that is down for some seconds."""
    return min(delay * 2, HURRY_DELAY if down < HURRY_SECONDS else MAX_DELAY)


def failed(code: str, *, retryable: bool = True) -> wire.Ack:
    """Return a negative answer that comes from the agent itself."""
    return wire.Ack(ok=False, error=wire.WireError(code=code, retryable=retryable))


class Link:
    """Keep one authenticated Socket.IO connection; `hello` is asked anew for each.

    The server's pings set the pace: without one for ping interval and time-out (5 s), the link is down.
    """

    def __init__(
        self,
        enrolment: Enrolment,
        key: Ed25519PrivateKey,
        listener: Listener,
        hello: Callable[[], wire.KioskHello],
        *,
        jitter: Callable[[], float] = random.random,
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self._enrolment = enrolment
        self._key = key
        self._listener = listener
        self._hello = hello
        self._jitter = jitter
        self._first_delay = first_delay
        self._state = LinkState(up=False, reason="unreachable")
        self._client: Any = None
        self._lost = asyncio.Event()
        self._nudged = asyncio.Event()
        self._bad_events: set[str] = set()

    @property
    def state(self) -> LinkState:
        return self._state

    def nudge(self) -> None:
        """Try again at once: the network changed."""
        self._nudged.set()

    async def run(self) -> None:
        """Connect again and again until cancelled."""
        delay = self._first_delay
        loop = asyncio.get_running_loop()
        lost_at = loop.time()
        while True:
            self._nudged.clear()
            reason = await self._one_connection()
            was_up = self._state.up
            self._set(LinkState(up=False, reason=reason))
            if reason in REFUSALS.values() or reason == "certificate":
                wait = REFUSED_DELAY
            else:
                if was_up:
                    lost_at = loop.time()
                delay = self._first_delay if was_up else next_delay(delay, loop.time() - lost_at)
                wait = delay * (0.5 + self._jitter())
            try:
                async with asyncio.timeout(wait):
                    await self._nudged.wait()
            except TimeoutError:
                pass
            else:
                delay = self._first_delay

    async def emit(self, event: str, payload: wire.Wire) -> wire.Ack:
        """Send an event and return the server's answer; a link that is down or silent is an answer too."""
        client, lost = self._client, self._lost
        if client is None or lost.is_set():
            return failed("link_down")
        data = payload.model_dump(mode="json")
        asked = asyncio.ensure_future(client.call(event, data, namespace=NAMESPACE, timeout=ANSWER_SECONDS))
        gone = asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                return failed("link_down")
            return wire.Ack.model_validate(asked.result())
        except socketio.exceptions.TimeoutError:
            return failed("no_answer")
        except socketio.exceptions.SocketIOError:
            return failed("link_down")
        except ValidationError:
            return failed("bad_answer")
        finally:
            for task in (asked, gone):
                task.cancel()
            await asyncio.gather(asked, gone, return_exceptions=True)

    # ---- one connection ---------------------------------------------------------------------------

    async def _one_connection(self) -> str:
        """Connect, stay until the link is lost, and return the reason why it is down."""
        refusal: list[object] = []
        async with open_session(self._enrolment.pin) as session:
            tasks = TaskSet("socket", patience=0.1)
            client = self._new_client(session, refusal)
            client.eio.start_background_task = tasks.adopt
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._connect(client, session)
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    # asyncio.wait_for in the client swallows a cancellation that comes with its result.
                    raise asyncio.CancelledError
            except ServerError as error:
                return REFUSALS.get(error.code, "unreachable")
            except socketio.exceptions.ConnectionError:
                return self._reason_of(refusal)
            except CERTIFICATE_ERRORS as error:
                log.error("the server shows another certificate than at enrolment: %s", type(error).__name__)
                return "certificate"
            except UNREACHABLE_ERRORS:
                return "unreachable"
            else:
                return await self._stay(client)
            finally:
                self._client = None
                self._lost.set()
                await self._leave(client)
                await tasks.close()

    def _new_client(self, session: aiohttp.ClientSession, refusal: list[object]) -> Any:
        client = socketio.AsyncClient(
            reconnection=False,
            http_session=session,
            handle_sigint=False,
            websocket_extra_options={"max_msg_size": MAX_FROM_SERVER},
        )
        lost = self._lost = asyncio.Event()
        client.on("disconnect", lambda *_: lost.set(), namespace=NAMESPACE)
        client.on("connect_error", lambda *told: refusal.extend(told), namespace=NAMESPACE)
        for event in SERVER_TO_KIOSK:
            client.on(event, self._taker(event), namespace=NAMESPACE)
        return client

    async def _connect(self, client: Any, session: aiohttp.ClientSession) -> None:
        server, kiosk = self._enrolment.server, self._enrolment.kiosk
        given = await post_json(session, f"{server}/api/kiosk/challenge", {"kiosk": kiosk})
        try:
            nonce = bytes.fromhex(str(given["nonce"]))
        except (KeyError, ValueError):
            raise ServerError("bad_answer", 200, retryable=True) from None
        auth = {"kiosk": kiosk, "nonce": nonce.hex(), "signature": self._key.sign(CONTEXT + nonce).hex()}
        await client.connect(
            server, auth=auth, transports=["websocket"], namespaces=[NAMESPACE], wait_timeout=CONNECT_SECONDS
        )

    async def _stay(self, client: Any) -> str:
        self._client = client
        self._set(LinkState(up=True))
        answer = await self.emit("kiosk.hello", self._hello())
        if not answer.ok:
            log.warning("the server refused our hello: %s", answer.error.code if answer.error else "")
        while not self._lost.is_set():
            # A disconnection in the instant of connecting is not reported by the client: look as well.
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._lost.wait()
            except TimeoutError:
                if not client.connected or NAMESPACE not in client.namespaces:
                    break
        return "unreachable"

    async def _leave(self, client: Any) -> None:
        # The client waits for its queue to empty, which it never does when the peer is gone.
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await client.disconnect()
        except TimeoutError:
            await client.eio.disconnect(abort=True)

    def _reason_of(self, refusal: list[object]) -> str:
        # Socket.IO wraps what a server refuses with in a message of its own making.
        words = re.findall(r"[a-z_]+", str(refusal)[:1000])
        return next((REFUSALS[word] for word in words if word in REFUSALS), "unreachable")

    def _taker(self, event: str) -> Callable[..., None]:
        model = SERVER_TO_KIOSK[event]

        # Not a coroutine: events are taken in the order in which they came.
        def take(*args: object) -> None:
            try:
                payload = model.model_validate(args[0] if args else {})
            except ValidationError as error:
                if event not in self._bad_events:
                    self._bad_events.add(event)
                    log.error("the server sent a %s that we cannot read (%d faults)", event, error.error_count())
                return
            self._listener.received(event, payload)

        return take

    def _set(self, state: LinkState) -> None:
        if state == self._state:
            return
        before, self._state = self._state, state
        if state.up:
            log.info("link to the server is up")
        elif before.up or before.reason != state.reason:
            log.warning("link to the server is down: %s", state.reason)
        self._listener.link_changed(state)
