"""Two machines on this one: the test with all it starts in one network, a server in another, a wire between them.

The kernel of the server's machine drops what comes by UDP when it is told so: the sender hears nothing, as behind a
firewall. Needs root.
"""

import contextlib
import ctypes
import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
HERE, THERE = "10.78.0.1", "10.78.0.2"
HERE6, THERE6 = "fd78::1", "fd78::2"


def why_not() -> str:
    """Say why this machine cannot be two; empty when it can."""
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"no network namespaces here: {tried.stderr.decode().strip()}"


@dataclass(frozen=True)
class Wires:
    """The server's machine."""

    name: str

    @property
    def there(self) -> list[str]:
        """What to put before a command that runs there."""
        return ["ip", "netns", "exec", self.name]

    def drop_udp(self) -> None:
        """Let nothing that comes by UDP into the server's machine."""
        for family in ("-4", "-6"):
            _ip(family, "-n", self.name, "rule", "add", "pref", "1", "iif", "there", "ipproto", "udp", "blackhole")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def two_machines() -> Iterator[Wires]:
    """Move this thread, and the processes that it starts, to a network of its own beside a server's."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    name = f"vw-{os.getpid()}-{secrets.token_hex(2)}"
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    try:
        _ip("link", "set", "lo", "up")
        _ip("netns", "add", name)
        _ip("link", "add", "here", "type", "veth", "peer", "name", "there", "netns", name)
        for where, device, address, address6 in (
            ([], "here", HERE, HERE6),
            (["-n", name], "there", THERE, THERE6),
        ):
            _ip(*where, "addr", "add", f"{address}/24", "dev", device)
            _ip(*where, "-6", "addr", "add", f"{address6}/64", "dev", device, "nodad")
            _ip(*where, "link", "set", device, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        # The rule that finds local addresses is the first by default: one that drops must come before it.
        for family in ("-4", "-6"):
            _ip(family, "-n", name, "rule", "add", "pref", "10", "lookup", "local")
            _ip(family, "-n", name, "rule", "del", "pref", "0")
        yield Wires(name)
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        if libc.setns(home, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(home)
