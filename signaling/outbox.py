"""Tell the pages: the desk's views become wire payloads, in order, without the desk ever waiting."""

import asyncio
import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

import socketio

from signaling import wire
from vwindow.desk.ports import Part, RoomAnswer
from vwindow.desk.views import KioskCallView, KioskView, StaffCallView, StaffView
from vwindow.ids import CallId, KioskId, StaffId

log = logging.getLogger(__name__)

QUEUE = 10_000
"""Beyond this the newest message is dropped: a page that misses one gets the mirror at its next connection."""

REGISTER_TEXTS = frozenset({"name", "number", "centre", "window", "hours", "item_name", "kiosk_centre"})
"""Fields that repeat what somebody wrote into the register or the catalogue."""


class SocketOutbox:
    """Implement desk.ports.Outbox over Socket.IO; `run` is its one pump."""

    def __init__(self, server: socketio.AsyncServer) -> None:
        self._server = server
        self._queue: asyncio.Queue[tuple[str, str, str, wire.Wire]] = asyncio.Queue(maxsize=QUEUE)
        self.dropped = 0

    async def run(self) -> None:
        """Send what is queued until cancelled."""
        while True:
            namespace, owner, event, payload = await self._queue.get()
            try:
                await self._server.emit(event, payload.model_dump(mode="json"), to=owner, namespace=namespace)
            except Exception:
                log.exception("could not send %s to %s", event, owner)
            finally:
                self._queue.task_done()

    async def flush(self, seconds: float) -> None:
        """Wait until what is queued is on its way to all pages, at most `seconds`: a page may have gone silent."""
        try:
            async with asyncio.timeout(seconds):
                await self._queue.join()
                for link in list(self._server.eio.sockets.values()):
                    await link.queue.join()
        except TimeoutError:
            log.warning("not all pages could be told within %.0f s", seconds)

    def _put(self, namespace: str, owner: str, event: str, payload: wire.Wire) -> None:
        try:
            self._queue.put_nowait((namespace, owner, event, payload))
        except asyncio.QueueFull:
            self.dropped += 1

    def kiosk_mirror(self, kiosk: KioskId, view: KioskView) -> None:
        self._put("/kiosk", kiosk, "kiosk.mirror", wire.KioskMirror.model_validate(_plain(view)))

    def kiosk_call(self, kiosk: KioskId, view: KioskCallView) -> None:
        self._put("/kiosk", kiosk, "call.changed", wire.KioskCall.model_validate(_plain(view)))

    def kiosk_answer(self, kiosk: KioskId, call: CallId, part: Part, answer: RoomAnswer) -> None:
        self._put("/kiosk", kiosk, "media.answer", _answer(call, part, answer))

    def kiosk_refused(self, kiosk: KioskId, call: CallId, part: Part, code: str, retryable: bool) -> None:
        self._put("/kiosk", kiosk, "media.refused", _refused(call, part, code, retryable))

    def staff_mirror(self, staff: StaffId, view: StaffView) -> None:
        self._put("/staff", staff, "staff.mirror", wire.StaffMirror.model_validate(_plain(view)))

    def staff_call(self, staff: StaffId, view: StaffCallView) -> None:
        self._put("/staff", staff, "call.changed", wire.StaffCall.model_validate(_plain(view)))

    def staff_answer(self, staff: StaffId, call: CallId, part: Part, answer: RoomAnswer, console: str = "") -> None:
        self._put("/staff", console or staff, "media.answer", _answer(call, part, answer))

    def staff_refused(
        self, staff: StaffId, call: CallId, part: Part, code: str, retryable: bool, console: str = ""
    ) -> None:
        self._put("/staff", console or staff, "media.refused", _refused(call, part, code, retryable))

    def media_targets(self, staff: StaffId, call: CallId, targets: Mapping[str, int]) -> None:
        bits = {"face": targets.get("staff.face"), "screen": targets.get("staff.screen")}
        self._put("/staff", staff, "media.targets", wire.MediaTargets.model_validate({"call": call, **bits}))

    def recording_light(self, staff: StaffId, call: CallId, state: str, bytes_total: int, bytes_recent: int) -> None:
        light = {"call": call, "state": state, "bytes_total": bytes_total, "bytes_recent": bytes_recent}
        self._put("/staff", staff, "recording.light", wire.RecordingLight.model_validate(light))


def _plain(view: Any) -> dict[str, Any]:
    return _clipped(dataclasses.asdict(view))


def _clipped(view: dict[str, Any]) -> dict[str, Any]:
    """Shorten the register's texts to what the wire takes: a name that is too long must not blind a page."""
    for key, value in view.items():
        if isinstance(value, dict):
            _clipped(value)
        elif isinstance(value, tuple | list):
            for each in value:
                if isinstance(each, dict):
                    _clipped(each)
        elif key in REGISTER_TEXTS and isinstance(value, str) and len(value) > wire.NAME_LENGTH:
            view[key] = value[: wire.NAME_LENGTH - 1] + "…"
    return view


def _answer(call: CallId, part: Part, answer: RoomAnswer) -> wire.MediaAnswer:
    slots = [wire.Slot.model_validate(_plain(slot)) for slot in answer.slots]
    return wire.MediaAnswer(call=call, part=part, sdp=answer.sdp, slots=slots)


def _refused(call: CallId, part: Part, code: str, retryable: bool) -> wire.MediaRefused:
    return wire.MediaRefused(call=call, part=part, error=wire.WireError(code=code, retryable=retryable))
