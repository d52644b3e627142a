"""coturn as docs/turnserver.conf sets it up: who is let in, and whom it relays to. In two network namespaces."""

import asyncio
import shutil
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aioice.stun
import aioice.turn
import pytest

from kiosk_agent.relay import choose, relays_of, remember, remembered, tls_context
from signaling import wire
from tests.coturn import SECRET, Coturn, coturn
from tests.namespace import HERE, THERE, two_machines, why_not
from vwindow.turn import password

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "can"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="needs coturn"),
]


@asynccontextmanager
async def machines(folder: Path, *, drop_udp: bool = False) -> AsyncIterator[Coturn]:
    with two_machines() as wires:
        async with coturn(folder, wires.there, THERE, THERE) as found:
            if drop_udp:
                wires.drop_udp()
            yield found


class Deaf(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport


def credential(left: int = 600, secret: str = SECRET) -> tuple[str, str]:
    name = f"{int(time.time()) + left}:test"
    return name, password(secret, name)


async def allocated(username: str, word: str) -> Any:
    transport, _ = await aioice.turn.create_turn_endpoint(
        Deaf, (THERE, 3478), username, word, transport="tcp", ssl=None
    )
    return transport


async def closed(transport: Any) -> None:
    transport.close()
    await transport._TurnTransport__close_task


async def test_only_the_media_worker_is_relayed_to(tmp_path: Path) -> None:
    async with machines(tmp_path):
        transport = await allocated(*credential())
        inner = transport._TurnTransport__inner_protocol
        await inner.channel_bind(0x4000, (THERE, 8650))
        refused = [
            HERE, "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.78.0.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "224.0.0.1", "255.255.255.255", "203.0.113.7", "8.8.8.8",
        ]  # fmt: skip
        for number, peer in enumerate(refused, 0x4001):
            with pytest.raises(aioice.stun.TransactionFailed) as caught:
                await inner.channel_bind(number, (peer, 8650))
            assert caught.value.response.error_code == 403, peer
        await closed(transport)


@pytest.mark.parametrize(("left", "secret"), [(-10, SECRET), (600, "another secret of somebody")])
async def test_expired_and_wrong_credentials_are_refused(tmp_path: Path, left: int, secret: str) -> None:
    async with machines(tmp_path):
        with pytest.raises(aioice.stun.TransactionFailed) as caught:
            await allocated(*credential(left, secret))
        assert caught.value.response.error_code == 401


async def test_tls_1_1_is_refused_and_1_2_is_not(tmp_path: Path) -> None:
    async with machines(tmp_path) as turn:
        context = ssl.create_default_context(cafile=str(turn.authority))
        _, writer = await asyncio.open_connection(THERE, 443, ssl=context)
        assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
        writer.close()
        await writer.wait_closed()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            # coturn says nothing to a handshake that it refuses.
            await asyncio.open_connection(THERE, 443, ssl=context, ssl_handshake_timeout=5)


@pytest.mark.parametrize(
    ("drop", "trusted", "urls", "taken", "failures"),
    [
        (False, True, "udp tcp tls", "udp", {}),
        (True, True, "udp tcp tls", "tcp", {}),
        (True, True, "udp tls", "tls", {}),
        (True, False, "udp tls", None, {"udp": "no_answer", "tls": "certificate"}),
        (False, False, "tls", None, {"tls": "certificate"}),
    ],
)
async def test_a_kiosk_takes_the_best_way_that_is_open(
    tmp_path: Path, drop: bool, trusted: bool, urls: str, taken: str | None, failures: dict[str, str]
) -> None:
    async with machines(tmp_path, drop_udp=drop) as turn:
        listed = [getattr(turn, way) for way in urls.split()]
        relays = relays_of([wire.IceServer(urls=listed, username="u", credential="c")])
        found = await choose(relays, tls_context(str(turn.authority) if trusted else ""), 1.0)
        assert (found.relay.way if found.relay else None) == taken
        if taken is None:
            assert found.failures == {getattr(turn, way): why for way, why in failures.items()}
        remember(tmp_path, relays)
        assert [relay.url for relay in remembered(tmp_path)] == [relay.url for relay in relays]
        assert all(not relay.credential for relay in remembered(tmp_path))
