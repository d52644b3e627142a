"""Be told when an address of this machine comes or goes (Linux rtnetlink)."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

# linux/rtnetlink.h: multicast groups RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
GROUPS = 0x10 | 0x100
SETTLE_SECONDS = 0.3
"""A plug or a new lease comes as several messages."""


class AddressWatch:
    """Call `changed` once per burst of changes; does nothing where the kernel does not tell."""

    def __init__(self, changed: Callable[[], None], *, settle: float = SETTLE_SECONDS) -> None:
        self._changed = changed
        self._settle = settle
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to listen; on the loop."""
        try:
            watched = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            watched.setblocking(False)
            watched.bind((0, GROUPS))
        except (AttributeError, OSError) as error:
            log.info("changes of network addresses are not watched: %s", error)
            return
        self._socket = watched
        asyncio.get_running_loop().add_reader(watched.fileno(), self.heard)

    def heard(self) -> None:
        """Read what the kernel says; only that something changed matters."""
        if self._socket is not None:
            # ENOBUFS means that messages were lost: a change all the same.
            with contextlib.suppress(OSError):
                while self._socket.recv(65536):
                    pass
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._settle, self._tell)

    def close(self) -> None:
        """Stop listening; idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _tell(self) -> None:
        self._timer = None
        log.info("network addresses changed")
        self._changed()
