"""Fakes of the desk's ports: they keep what they were told and can be made to fail or to wait."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.fakes.clock import FakeClock
from vwindow.calls.events import Side
from vwindow.desk.ports import (
    CallRecord,
    EndedCall,
    ItemFacts,
    KioskFacts,
    Part,
    RecordingOrder,
    RoomAnswer,
    RoomPart,
    StaffFacts,
)
from vwindow.desk.views import KioskCallView, KioskView, SlotView, StaffCallView, StaffView
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, KioskId, RecordingId, RoomId, StaffId


@dataclass(slots=True)
class FakeHandle:
    due: float
    number: int
    what: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLater:
    """Implement desk.timers.Later on a FakeClock; time passes only in `advance`."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._handles: list[FakeHandle] = []
        self._number = 0

    def call_later(self, seconds: float, what: Callable[[], None]) -> FakeHandle:
        self._number += 1
        handle = FakeHandle(self._clock.monotonic() + seconds, self._number, what)
        self._handles.append(handle)
        return handle

    @property
    def waiting(self) -> int:
        return sum(not handle.cancelled for handle in self._handles)

    def advance(self, seconds: float) -> None:
        """Move the clock; what is due is called in order."""
        end = self._clock.monotonic() + seconds
        while True:
            self._handles = [handle for handle in self._handles if not handle.cancelled]
            due = [handle for handle in self._handles if handle.due <= end]
            if not due:
                break
            handle = min(due, key=lambda one: (one.due, one.number))
            self._handles.remove(handle)
            self._clock.advance(max(0.0, handle.due - self._clock.monotonic()))
            handle.what()
        self._clock.advance(end - self._clock.monotonic())


@dataclass
class FakeRegister:
    """Implement desk.ports.Register."""

    people: dict[str, StaffFacts] = field(default_factory=dict)
    places: dict[str, KioskFacts] = field(default_factory=dict)
    items: dict[int, ItemFacts] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    """When set, kiosk facts come only after it."""

    async def staff(self, staff: StaffId) -> StaffFacts:
        if staff not in self.people:
            raise Refused("unknown_staff", status=404)
        return self.people[staff]

    async def kiosk(self, kiosk: KioskId) -> KioskFacts:
        if self.gate is not None:
            await self.gate.wait()
        if kiosk not in self.places:
            raise Refused("unknown_kiosk", status=404)
        return self.places[kiosk]

    async def item(self, number: int, city: str) -> ItemFacts:
        if number not in self.items:
            raise Refused("unknown_item", status=404)
        return self.items[number]

    def add_staff(self, staff: str, *skills: tuple[str, str], post: str = "A") -> None:
        self.people[staff] = StaffFacts(
            StaffId(staff),
            f"{staff} 李",
            f"N-{staff}",
            CentreId("hf"),
            "合肥市政务服务中心",
            "hefei",
            "B" if post == "B" else "A",
            skills or (("*", "*"),),
        )

    def add_kiosk(self, kiosk: str, *, revoked: bool = False) -> None:
        self.places[kiosk] = KioskFacts(
            KioskId(kiosk), CentreId("sj"), "松江区行政服务中心", "长三角专窗", "9:00-17:00", "songjiang", revoked
        )


@dataclass
class FakeLedger:
    """Implement desk.ports.Ledger; `failures` makes the next calls fail."""

    calls: dict[CallId, CallRecord] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[CallId, str, dict[str, str]]] = field(default_factory=list)
    callbacks: dict[CallId, tuple[str, str]] = field(default_factory=dict)
    ratings: dict[CallId, int] = field(default_factory=dict)
    recordings: dict[RecordingId, str] = field(default_factory=dict)
    left_open: list[CallRecord] = field(default_factory=list)
    """Calls that a crash left."""
    ended: list[EndedCall] = field(default_factory=list)
    """Calls of the last run that had ended."""
    failures: int = 0
    failure: Exception = field(default_factory=lambda: OSError("no disk"))

    def _enter(self, what: str, name: str) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise self.failure
        self.log.append((what, name))

    async def save_call(self, record: CallRecord) -> None:
        self._enter("call", record.phase)
        self.calls[record.call] = record

    async def save_callback(self, call: CallId, name: str, phone: str, at: datetime) -> None:
        self._enter("callback", call)
        assert call in self.calls
        self.callbacks[call] = (name, phone)

    async def save_rating(self, call: CallId, grade: int, at: datetime) -> None:
        self._enter("rating", call)
        assert call in self.calls
        self.ratings[call] = grade

    async def save_event(self, call: CallId, kind: str, detail: Mapping[str, str], at: datetime) -> None:
        self._enter("event", kind)
        assert call in self.calls
        self.events.append((call, kind, dict(detail)))

    async def open_recording(self, call: CallId, centre: CentreId, at: datetime, part: int) -> RecordingOrder:
        self._enter("open_recording", call)
        assert call in self.calls, "a recording needs its call"
        recording = RecordingId(f"r-{call}")
        self.recordings[recording] = "writing"
        return RecordingOrder(recording, f"/tmp/{recording}-{part}.journal", "00" * 32)

    async def close_recording(self, recording: RecordingId, at: datetime) -> None:
        self._enter("close_recording", recording)
        self.recordings[recording] = "finishing"

    async def open_calls(self) -> Sequence[CallRecord]:
        return list(self.left_open)

    async def ended_calls(self, since: datetime) -> Sequence[EndedCall]:
        return [one for one in self.ended if one.record.ended_at is not None and one.record.ended_at >= since]

    async def end_open_calls(self, reason: str, at: datetime, kept: Collection[CallId]) -> Sequence[CallRecord]:
        ended = [record for record in self.left_open if record.call not in kept]
        self.left_open = []
        return ended


@dataclass
class FakeRooms:
    """Implement desk.ports.Rooms; `broken` holds the names of methods that raise its error."""

    log: list[tuple[str, str]] = field(default_factory=list)
    orders: list[RecordingOrder] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    """When set, rooms open only after it."""
    answers: dict[str, asyncio.Future[RoomAnswer]] = field(default_factory=dict)
    """An offer of this text gets this answer when it is there."""

    def _enter(self, what: str, name: str) -> None:
        self.log.append((what, name))
        if what in self.broken:
            raise self.broken[what]

    async def open(self, room: RoomId, media: int) -> None:
        if self.gate is not None:
            await self.gate.wait()
        self._enter("open", room)

    async def answer(self, room: RoomId, part: RoomPart, sdp: str) -> RoomAnswer:
        self._enter("answer", part)
        if sdp in self.answers:
            return await self.answers[sdp]
        return RoomAnswer(f"answer to {sdp}", (SlotView("0", "audio", "staff.microphone"),))

    async def grant(self, room: RoomId, source: str, on: bool) -> None:
        self._enter("grant" if on else "revoke", source)

    async def record(self, room: RoomId, order: RecordingOrder, suspended_by: Sequence[Side] = ()) -> None:
        self.orders.append(order)
        self._enter("record", "+".join((order.recording, *suspended_by)))

    async def suspend(self, room: RoomId, by: Sequence[Side]) -> None:
        self._enter("suspend", "+".join(by))

    async def close(self, room: RoomId) -> None:
        self._enter("close", room)


@dataclass
class FakeOutbox:
    """Implement desk.ports.Outbox: keeps the last of each kind and the order of all."""

    log: list[tuple[str, str]] = field(default_factory=list)
    kiosk_mirrors: dict[str, KioskView] = field(default_factory=dict)
    kiosk_calls: dict[str, KioskCallView] = field(default_factory=dict)
    staff_mirrors: dict[str, StaffView] = field(default_factory=dict)
    staff_calls: dict[str, StaffCallView] = field(default_factory=dict)
    answers: dict[Part, RoomAnswer] = field(default_factory=dict)
    refusals: list[tuple[str, Part, str, bool]] = field(default_factory=list)
    lights: list[tuple[str, str, int, int]] = field(default_factory=list)
    targets: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def _keep(self, what: str, name: str) -> None:
        self.log.append((what, name))
        self.told.set()

    def kiosk_mirror(self, kiosk: KioskId, view: KioskView) -> None:
        self.kiosk_mirrors[kiosk] = view
        self._keep("kiosk_mirror", kiosk)

    def kiosk_call(self, kiosk: KioskId, view: KioskCallView) -> None:
        self.kiosk_calls[kiosk] = view
        self._keep("kiosk_call", kiosk)

    def kiosk_answer(self, kiosk: KioskId, call: CallId, part: Part, answer: RoomAnswer) -> None:
        self.answers[part] = answer
        self._keep("kiosk_answer", kiosk)

    def kiosk_refused(self, kiosk: KioskId, call: CallId, part: Part, code: str, retryable: bool) -> None:
        self.refusals.append((kiosk, part, code, retryable))
        self._keep("kiosk_refused", kiosk)

    def staff_mirror(self, staff: StaffId, view: StaffView) -> None:
        self.staff_mirrors[staff] = view
        self._keep("staff_mirror", staff)

    def staff_call(self, staff: StaffId, view: StaffCallView) -> None:
        self.staff_calls[staff] = view
        self._keep("staff_call", staff)

    def staff_answer(self, staff: StaffId, call: CallId, part: Part, answer: RoomAnswer, console: str = "") -> None:
        self.answers[part] = answer
        self._keep("staff_answer", staff)

    def staff_refused(
        self, staff: StaffId, call: CallId, part: Part, code: str, retryable: bool, console: str = ""
    ) -> None:
        self.refusals.append((staff, part, code, retryable))
        self._keep("staff_refused", staff)

    def media_targets(self, staff: StaffId, call: CallId, targets: Mapping[str, int]) -> None:
        self.targets.append((staff, call, dict(targets)))
        self._keep("media_targets", staff)

    def recording_light(self, staff: StaffId, call: CallId, state: str, bytes_total: int, bytes_recent: int) -> None:
        self.lights.append((staff, state, bytes_total, bytes_recent))
        self._keep("recording_light", staff)
