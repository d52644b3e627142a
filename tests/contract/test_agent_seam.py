"""What kiosk_agent/media.py expects of aiortc's and aioice's privates; an upgrade fails here first."""

import inspect
from importlib import metadata

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.codecs import vpx

from devices import registry
from kiosk_agent import media
from kiosk_agent.media import MediaConnection, loopback_candidates, only_loopback


def test_the_seam_was_written_for_these_versions() -> None:
    assert metadata.version("aiortc").startswith("1.16.")
    assert metadata.version("aioice").startswith("0.13.")


def test_host_addresses_are_looked_up_by_this_name_and_leave_out_loopback() -> None:
    assert list(inspect.signature(aioice.ice.get_host_addresses).parameters) == ["use_ipv4", "use_ipv6"]
    assert "get_host_addresses(" in inspect.getsource(aioice.ice.Connection.gather_candidates)
    assert "127.0.0.1" not in aioice.ice.get_host_addresses(True, True)


def test_the_patch_is_gone_afterwards() -> None:
    before = aioice.ice.get_host_addresses
    with pytest.raises(RuntimeError), loopback_candidates(True):
        assert aioice.ice.get_host_addresses(True, True)[-1] == "127.0.0.1"
        raise RuntimeError
    assert aioice.ice.get_host_addresses is before


def test_a_machine_without_a_network_still_has_a_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    assert only_loopback()
    with loopback_candidates(False):
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]


async def test_the_ice_connection_has_protocols_that_the_guard_wraps() -> None:
    camera = registry.face_camera("absent")
    connection = MediaConnection(camera.feed(), lambda: None, loopback=True)
    try:
        sdp = await connection.offer()
        ice = connection._peer.getTransceivers()[0].sender.transport.transport._connection
        assert ice._protocols and ice.remote_candidates == []
        for protocol in ice._protocols:
            assert protocol.datagram_received.__module__ == media.__name__
        assert " 127.0.0.1 " in sdp
    finally:
        await connection.close()


async def test_the_offer_has_three_sending_video_lines_in_one_bundle() -> None:
    camera = registry.face_camera("absent")
    connection = MediaConnection(camera.feed(), lambda: None, loopback=True)
    try:
        lines = (await connection.offer()).splitlines()
    finally:
        await connection.close()
    assert [line.split()[0] for line in lines if line.startswith("m=")] == ["m=video"] * 3
    assert lines.count("a=sendonly") == 3
    assert [line for line in lines if line.startswith("a=group:BUNDLE")] == ["a=group:BUNDLE 0 1 2"]
    codecs = {line.split()[1].split("/")[0] for line in lines if line.startswith("a=rtpmap")}
    assert codecs == {"VP8", "H264", "rtx"}


async def test_without_servers_in_the_configuration_nobody_is_asked() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video")
    assert peer.getTransceivers()[0].sender.transport.transport._connection.stun_server is None
    await peer.close()


def test_the_encoder_stays_within_these_bitrates() -> None:
    assert (vpx.MIN_BITRATE, vpx.DEFAULT_BITRATE, vpx.MAX_BITRATE) == (250_000, 500_000, 1_500_000)
