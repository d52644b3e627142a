"""This machine's own addresses: where a media worker can be reached."""

import socket


def primary_address() -> str | None:
    """Return the IPv4 address of the interface with the default route, or None on a machine without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only asks the routing table.
            probe.connect(("192.0.2.254", 9))
            address = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if address.startswith("127.") or address == "0.0.0.0" else address


def media_listen(port: int) -> list[str]:
    """Return the `host:port` of the worker's sockets when none are set: the loopback and the primary address."""
    primary = primary_address()
    return [f"{primary}:{port}", f"127.0.0.1:{port}"] if primary else [f"127.0.0.1:{port}"]
