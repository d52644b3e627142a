"""The server's TCP addresses, taken before it touches anything that another server may be using."""

import socket

from vwindow.errors import Unavailable


def listening(host: str, port: int) -> list[socket.socket]:
    """Bind each address that a host name stands for; nobody is let in yet. Raises Unavailable("cannot_listen")."""
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            door = socket.socket(family, kind, protocol)
            bound.append(door)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            door.bind(address)
    except OSError as error:
        for door in bound:
            door.close()
        raise Unavailable("cannot_listen", f"{host}:{port}: {error.strerror or error}") from error
    return bound
