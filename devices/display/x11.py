"""The screen as the X server has it. Option `touch`: a screen that cannot be touched counts as a fault."""

import contextlib
from typing import Any

from Xlib import display, error
from Xlib.ext import randr, xinput

from devices.display.port import Screen
from devices.errors import DeviceUnavailable
from devices.own_thread import OwnThread
from devices.polled import Polled

TOUCH_CLASS = 8
"""XITouchClass (XInput 2.2)."""
LOST = (error.ConnectionClosedError, error.DisplayConnectionError, error.DisplayNameError, OSError)


class X11Display(Polled):
    """The X server's screen: its size, whether an output shows it, whether it can be touched."""

    def __init__(self, *, need_touch: bool) -> None:
        super().__init__("display x11", self._look)
        self._need_touch = need_touch
        self._thread = OwnThread("display x11")
        self._display: Any = None
        self.screen: Screen | None = None

    async def close(self) -> None:
        await super().close()
        await self._thread.close(self._hang_up)

    async def _look(self) -> str:
        try:
            name, screen = await self._thread.call(self._look_now)
        except DeviceUnavailable:
            self.screen = None
            raise
        self.screen = screen
        if self._need_touch and not screen.touch:
            raise DeviceUnavailable("no_touch", "the screen cannot be touched: plug its USB cable in")
        touch = ", touch" if screen.touch else ""
        return f"{name} {screen.width}x{screen.height}{touch}"

    # ---- on the thread ----

    def _look_now(self) -> tuple[str, Screen]:
        try:
            if self._display is None:
                self._display = display.Display()
            root = self._display.screen().root
            size = root.get_geometry()
            outputs = self._outputs(root)
            touch = self._touch()
        except LOST as failure:
            self._hang_up()
            raise DeviceUnavailable("no_display", "the X server does not answer") from failure
        if outputs is not None and not outputs:
            raise DeviceUnavailable("unplugged", "no screen is connected: look at its power and cable")
        return (outputs or ["X11"])[0], Screen(size.width, size.height, touch)

    def _outputs(self, root: Any) -> list[str] | None:
        """Return the connected outputs, None when the server cannot tell."""
        if not self._display.has_extension("RANDR"):
            return None
        resources = root.xrandr_get_screen_resources()
        found = []
        for output in resources.outputs:
            info = self._display.xrandr_get_output_info(output, resources.config_timestamp)
            if info.connection == randr.Connected:
                found.append(str(info.name))
        return found

    def _touch(self) -> bool:
        if not self._display.has_extension(xinput.extname):
            return False
        self._display.xinput_query_version()
        devices = self._display.xinput_query_device(xinput.AllDevices).devices
        return any(each.type == TOUCH_CLASS for device in devices if device.enabled for each in device.classes)

    def _hang_up(self) -> None:
        connection, self._display = self._display, None
        if connection is not None:
            with contextlib.suppress(error.ConnectionClosedError, OSError):
                connection.close()


def make(options: str) -> X11Display:
    """Make the reader; raises ValueError for options it does not know."""
    if options not in ("", "touch"):
        raise ValueError(f'x11 display: no option "{options}"; there is: touch')
    return X11Display(need_touch=options == "touch")
