"""Credentials for the TURN server: the ones that coturn computes, per side and call, for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from vwindow.config import ConfigError, load
from vwindow.ids import CallId
from vwindow.turn import TurnServers, check_url, opaque_id, password

SECRET = "a-secret-of-both-servers"
NOW = datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
CALL = CallId("c1")
URLS = ["turn:turn.example:3478?transport=udp", "turns:turn.example:443?transport=tcp"]


def test_a_known_password() -> None:
    # printf 1433895918:bob | openssl dgst -sha1 -hmac north -binary | base64
    assert password("north", "1433895918:bob") == "+qCJxktJhPsEAA0wfh7NCKO+G0M="


def test_each_side_of_each_call_has_its_own_name_that_tells_nobody_who_it_is() -> None:
    servers = TurnServers(URLS, SECRET, 3600)
    names = set()
    for call in ("c1", "c2"):
        for side in ("kiosk", "staff"):
            (server,) = servers.for_side(CallId(call), side, NOW)
            assert server.urls == tuple(URLS)
            assert server.credential == password(SECRET, server.username)
            name = server.username.split(":")[1]
            assert call not in name and side not in name
            names.add(name)
    assert len(names) == 4
    assert opaque_id("another", CALL, "kiosk") != opaque_id(SECRET, CALL, "kiosk")


@pytest.mark.parametrize("seconds", [60, 61, 3600, 86_400])
def test_a_credential_is_good_for_its_time_and_stays_the_same_for_a_while(seconds: int) -> None:
    servers = TurnServers(URLS, SECRET, seconds)
    names = []
    for later in range(0, 2 * seconds, 7):
        now = NOW + timedelta(seconds=later)
        (server,) = servers.for_side(CALL, "kiosk", now)
        left = int(server.username.split(":")[0]) - now.timestamp()
        assert seconds <= left + 1 and left <= 1.5 * seconds
        names.append(server.username)
    assert names == sorted(names) and 4 <= len(set(names)) <= 6


def test_without_addresses_there_is_no_server() -> None:
    assert TurnServers([], "", 3600).for_side(CALL, "kiosk", NOW) == ()


def test_the_secret_and_the_credential_are_in_no_print() -> None:
    servers = TurnServers(URLS, SECRET, 3600)
    (server,) = servers.for_side(CALL, "kiosk", NOW)
    assert SECRET not in repr(servers) and server.credential not in repr(server)


@pytest.mark.parametrize("url", [*URLS, "turn:192.0.2.1", "turn:[2001:db8::1]:3478?transport=tcp", "turns:t.example"])
def test_addresses_of_turn_servers(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "stun:t.example",
        "turn://t.example",
        "turn:t.example:99999",
        "turns:t.example?transport=udp",
        "turn:",
        "turn:a b",
        "turn:a..b",
    ],
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="turn"):
        check_url(url)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"VWINDOW_TURN_URLS": "turn:t.example", "VWINDOW_TURN_SECRET": "short"}, "turn_secret of 16"),
        ({"VWINDOW_TURN_URLS": "turn:t.example:x", "VWINDOW_TURN_SECRET": SECRET}, "turn_urls: "),
        ({"VWINDOW_TURN_ONLY": "true"}, "turn_only needs turn_urls"),
        ({"VWINDOW_TURN_SECONDS": "5"}, "turn_seconds: "),
    ],
)
def test_settings_that_do_not_go_together_stop_the_start(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, settings)
    assert words in str(caught.value) and SECRET not in str(caught.value)
