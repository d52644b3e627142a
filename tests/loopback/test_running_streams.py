"""A field encoder and a player in a call of a running server, with tokens made at its terminal."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import aioice.ice
import pytest

from tests.fakes.whip_peer import Told, WhipClient, WhipPeer
from tests.loopback.test_server_life import answered, session, stack
from tests.stack import Stack

__all__ = ["session", "stack"]


async def joined(peer: WhipPeer, path: str) -> Told:
    """Publish or play; a room that is just being taken back asks for another try."""
    async with asyncio.timeout(15):
        while True:
            told = await (peer.publish(path, audio=False) if "/whip/" in path else peer.play(path))
            if told.status not in (404, 503):
                return told
            await peer.close()
            peer.__init__(peer.client)  # type: ignore[misc]  a connection makes one offer
            await asyncio.sleep(0.1)


async def test_publish_play_and_delete_before_and_after_the_worker_is_killed(
    stack: Stack, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    kiosk, staff, call = await answered(stack, session)
    publish = (await stack.run("vwindow", "token", call, "--side", "kiosk", "--source", "document")).strip()
    play = (await stack.run("vwindow", "token", call, "--side", "kiosk", "--source", "document", "--play")).strip()
    whip, whep = f"/whip/{call}/kiosk?source=document", f"/whep/{call}/kiosk?source=document"
    field = aiohttp.ClientSession()  # an encoder has no cookie of a person
    try:
        for killed in (False, True):
            if killed:
                stack.kill_worker()
            async with AsyncExitStack() as peers:
                publisher = WhipPeer(WhipClient(stack.url, publish, field))
                player = WhipPeer(WhipClient(stack.url, play, field))
                for peer in (publisher, player):
                    peers.push_async_callback(peer.close)
                assert (await joined(publisher, whip)).status == 201
                assert (await joined(player, whep)).status == 201
                await player.frames("video", 5)
                # Each token opens what it is for: no playing with one to publish, nothing of another source.
                assert (await publisher.client.ask("POST", whep, "v=0")).status == 403
                assert (await player.client.ask("POST", whep.replace("document", "face"), "v=0")).status == 403
                for peer in (player, publisher):
                    assert (await peer.leave()).status == 200
                    await peer.until("closed")
                    assert (await peer.leave()).status == 404
                again = WhipPeer(WhipClient(stack.url, publish, field))
                peers.push_async_callback(again.close)
                assert (await joined(again, whip)).status == 201
                if not killed:
                    location = again.location
        # What was published before is gone with its worker.
        assert (await WhipClient(stack.url, publish, field).ask("DELETE", location)).status == 404
        assert (await kiosk.call("call.hang_up", {"call": call}))["ok"]
        await staff.until("ended")
        told = await WhipClient(stack.url, publish, field).ask("POST", whip, "v=0")
        assert (told.status, told.json["code"]) == (404, "unknown_room")
    finally:
        await field.close()
        await kiosk.socket.disconnect()
        await staff.client.disconnect()
