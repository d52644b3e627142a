"""Keyboards and mice as the X server has them, and when they were last used: never which key, never where."""

import contextlib
import time
from collections.abc import Callable
from typing import Any, Literal

from Xlib import display, error
from Xlib.ext import ge, xinput

from devices.errors import DeviceUnavailable
from devices.own_thread import OwnThread
from devices.polled import Polled

What = Literal["keyboard", "mouse"]
USES = {"keyboard": xinput.SlaveKeyboard, "mouse": xinput.SlavePointer}
MASKS = {
    "keyboard": xinput.RawKeyPressMask,
    "mouse": xinput.RawMotionMask | xinput.RawButtonPressMask,
}
TESTING = "xtest"
"""The X server's own devices for synthetic input are no hardware."""
MAX_EVENTS = 2000
"""Read at one look; what is more waits for the next."""


class X11Input(Polled):
    """A keyboard or mouse that is there while the X server lists one that is no XTEST device."""

    def __init__(self, what: What, wanted: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(f"{what} x11", self._look)
        self._what: What = what
        self._wanted = wanted.lower()
        self._monotonic = monotonic
        self._thread = OwnThread(f"{what} x11")
        self._display: Any = None
        self.last_used: float | None = None

    async def close(self) -> None:
        await super().close()
        await self._thread.close(self._hang_up)

    async def _look(self) -> str:
        name, used = await self._thread.call(self._look_now)
        if used:
            self.last_used = self._monotonic()
        return name

    # ---- on the thread ----

    def _look_now(self) -> tuple[str, bool]:
        try:
            if self._display is None:
                self._open()
            found = [
                str(device.name)
                for device in self._display.xinput_query_device(xinput.AllDevices).devices
                if device.use == USES[self._what] and device.enabled
            ]
            used = self._drain()
        except (error.ConnectionClosedError, error.DisplayConnectionError, error.DisplayNameError, OSError) as failure:
            self._hang_up()
            raise DeviceUnavailable("no_display", "the X server does not answer") from failure
        names = [name for name in found if TESTING not in name.lower() and self._wanted in name.lower()]
        if not names:
            raise DeviceUnavailable("unplugged", f"plug the {self._what} in")
        return names[0], used

    def _open(self) -> None:
        self._display = display.Display()
        if not self._display.has_extension(xinput.extname):
            self._hang_up()
            raise DeviceUnavailable("no_xinput", "the X server has no XInput 2")
        self._display.xinput_query_version()
        self._display.screen().root.xinput_select_events([(xinput.AllMasterDevices, MASKS[self._what])])

    def _drain(self) -> bool:
        used = False
        for _ in range(MAX_EVENTS):
            if not self._display.pending_events():
                break
            event = self._display.next_event()
            used = used or event.type == ge.GenericEventCode
        return used

    def _hang_up(self) -> None:
        connection, self._display = self._display, None
        if connection is not None:
            with contextlib.suppress(error.ConnectionClosedError, OSError):
                connection.close()
