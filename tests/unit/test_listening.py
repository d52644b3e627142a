"""The server's addresses are taken first, and a taken one is said in one line."""

import socket

import pytest

from vwindow.errors import Unavailable
from vwindow.listening import listening


def test_an_address_is_held_and_nobody_is_let_in_yet() -> None:
    (door,) = listening("127.0.0.1", 0)
    with door:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(door.getsockname(), 1.0)
        door.listen()
        with pytest.raises(Unavailable, match="in use"):
            listening("127.0.0.1", door.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-name.invalid"])
def test_an_address_that_is_not_ours_is_said_by_name(host: str) -> None:
    with pytest.raises(Unavailable, match=host):
        listening(host, 0)
