"""Addresses: this machine's own, where a media worker can be reached, and what can be one at all."""

import ipaddress
import re
import socket

LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


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


def is_host(name: str) -> bool:
    """Tell whether a text can be a host: an IP address, or a name of labels of 1 to 63 characters (RFC 1123 §2.1)."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.removesuffix(".").split(".")
        return len(name) <= 253 and all(LABEL.fullmatch(label) for label in labels)
    return True
