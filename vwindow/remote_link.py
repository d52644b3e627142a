"""One media worker on another machine as its server has it: connected, watched, connected again; never started."""

import asyncio
import itertools
import logging
from collections.abc import Sequence

from vwindow.errors import Refused, Unavailable
from vwindow.media_link import CLOSE_SECONDS, LinkOwner
from vwindow.media_wires import Wires
from vwindow.sfu import control
from vwindow.tasks import TaskSet
from vwindow.worker_places import Place

log = logging.getLogger(__name__)

PING_SECONDS = 2.0
PONG_SECONDS = 2.5
"""Together less than 5 s: so soon a connection is found dead that nobody has closed."""
LOST_SECONDS = 45.0
"""How long the rooms of a worker that cannot be reached go on without orders. The worker itself closes them 60 s after
it has heard the last of its server."""
AGAIN_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class RemoteLink:
    """Keep a connection to one worker; its rooms outlive a connection that breaks."""

    def __init__(self, number: int, place: Place, owner: LinkOwner, lost_seconds: float = LOST_SECONDS) -> None:
        self.number = number
        self._place = place
        self._owner = owner
        self._lost_seconds = lost_seconds
        self._tasks = TaskSet(f"remote-link-{number}", limit=32)
        self._wires: Wires | None = None
        self._epoch = ""
        self._complaint = ""
        self._stopping = False
        self._away_since: float | None = None
        self.draining = False
        self.restarts = 0
        """How often another process was found in its place."""
        self.stats: dict[str, float] = {}

    @property
    def up(self) -> bool:
        """Tell whether the worker takes orders."""
        return self._wires is not None and not self._wires.over

    @property
    def away(self) -> float:
        """Return for how many seconds the worker has not been reached."""
        if self.up or self._away_since is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._away_since

    async def take_over(self) -> list[control.HeldRoom]:
        """Connect to the worker once; return the rooms that it has kept, none when it is not there."""
        wires, reply = await self._greet()
        if wires is None or reply is None:
            return []
        self._attach(wires, reply)
        log.info("media worker %d at %s has %d rooms", self.number, self._place, len(reply.held))
        return list(reply.held)

    async def start(self) -> None:
        """Watch the worker from now on; one that is not there may come later."""
        if not self.up:
            self._away_since = asyncio.get_running_loop().time()
        self._tasks.start(self._supervise(), "supervise")
        self._tasks.start(self._ping_forever(), "ping")

    async def ask(self, order: control.Order, seconds: float | None = None) -> control.Reply:
        """Give an order; raise Refused or Unavailable."""
        if self._wires is None:
            raise Unavailable("worker_lost")
        return await self._wires.ask(order, seconds)

    async def stop(self) -> None:
        """Let the worker close its rooms and wait for another server."""
        self._stopping = True
        wires, self._wires = self._wires, None
        if wires is not None:
            try:
                await _close_rooms(wires, (await wires.ask(control.Hello())).rooms)
            except (Refused, Unavailable) as error:
                log.warning("media worker %d did not close its rooms: %s", self.number, error)
            await wires.close()
        await self._tasks.close()

    # ---- its connection ----

    async def _supervise(self) -> None:
        while True:
            if self._wires is not None and self._wires.reading is not None:
                await asyncio.wait([self._wires.reading])
                if self._stopping:
                    return
                log.warning("the connection to media worker %d at %s broke", self.number, self._place)
                self._away_since = asyncio.get_running_loop().time()
                self._wires, self.stats = None, {}
            try:
                async with asyncio.timeout(self._lost_seconds):
                    await self._come_back()
            except TimeoutError:
                self._owner.reconcile(self, ())
                await self._come_back()

    async def _come_back(self) -> None:
        """Connect, and close the rooms that are nobody's any more: their calls are over or have moved."""
        for seconds in itertools.chain(AGAIN_SECONDS, itertools.repeat(AGAIN_SECONDS[-1])):
            wires, reply = await self._greet()
            if wires is not None and reply is not None:
                try:
                    if self._epoch not in ("", reply.epoch):
                        self.restarts += 1
                    await _close_rooms(wires, self._owner.reconcile(self, reply.rooms))
                except (Refused, Unavailable):
                    await wires.close()
                except asyncio.CancelledError:
                    wires.abort()
                    raise
                else:
                    self._attach(wires, reply)
                    log.info("media worker %d at %s is there", self.number, self._place)
                    self._owner.returned(self, reply.held)
                    self._owner.came(self)
                    return
            await asyncio.sleep(seconds)

    async def _greet(self) -> tuple[Wires | None, control.Reply | None]:
        try:
            wires = await self._place.connect()
        except OSError as error:
            self._complain(str(error) or "no answer")
            return None, None
        try:
            wires.read(self._tasks, self._hear)
            reply = await wires.ask(control.Hello())
            if reply.protocol != control.PROTOCOL:
                self._complain(f"it speaks version {reply.protocol} of the protocol, this server {control.PROTOCOL}")
                await _close_rooms(wires, reply.rooms)
                await wires.close()
                return None, None
        except (Refused, Unavailable) as error:
            self._complain(wires.broke or str(error))
            await wires.close()
            return None, None
        except asyncio.CancelledError:
            wires.abort()
            raise
        self._complaint = ""
        return wires, reply

    def _attach(self, wires: Wires, reply: control.Reply) -> None:
        self._wires, self._epoch = wires, reply.epoch
        self._away_since = None
        self.draining = False

    def _complain(self, why: str) -> None:
        """Say once why a worker does not come."""
        if why != self._complaint:
            self._complaint = why
            log.error("media worker %d at %s: %s", self.number, self._place, why)

    async def _ping_forever(self) -> None:
        while True:
            wires = self._wires
            if wires is not None and not wires.over:
                try:
                    self.stats = (await wires.ask(control.AskStats(), PONG_SECONDS)).stats
                    self.draining = bool(self.stats.get("draining"))
                except (Refused, Unavailable):
                    wires.abort()
            await asyncio.sleep(PING_SECONDS)

    def _hear(self, message: control.Event) -> None:
        self._owner.heard(self, message)


async def _close_rooms(wires: Wires, rooms: Sequence[str]) -> None:
    for room in rooms:
        await wires.ask(control.CloseRoom(room=room), CLOSE_SECONDS)
