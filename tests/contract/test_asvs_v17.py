"""OWASP ASVS 5, chapter V17 (WebRTC): 17.2.1 to 17.2.8 against a real worker, one test or more for each."""

import asyncio
import contextlib
import os
import random
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.fakes.worker_house import AGENT_FACE, KEYFRAME, PAGE_MICROPHONE, WorkerHouse, worker_house
from vwindow.recording.journal import JournalRecorder
from vwindow.rtp import packet, rtcp
from vwindow.sfu.control import CloseRoom, RecordingProgress, StartRecording
from vwindow.sfu.transport import Certificate

DTLS_1_0, DTLS_1_2 = 0xFEFF, 0xFEFD


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with worker_house(tmp_path / "worker.sock") as found:
        yield found


def seeded() -> random.Random:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed={seed}")
    return random.Random(seed)


# ---- 17.2.1: the key of the DTLS certificate is managed and protected ----


async def test_17_2_1_the_private_key_never_leaves_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    made: list[Certificate] = []
    real = Certificate.__init__

    def watched(self: Certificate) -> None:
        real(self)
        made.append(self)

    monkeypatch.setattr(Certificate, "__init__", watched)
    told = ""
    for _ in range(2):
        async with worker_house(tmp_path / "worker.sock", JournalRecorder()) as house:
            await house.client.ask(_record(tmp_path))
            call = await house.call()
            told += call.agent.reply.sdp + str(await house.stats())
            await house.client.ask(CloseRoom(room="r"))
    assert made[0].fingerprint != made[1].fingerprint, "each process has its own"
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert files, "there was a journal"
    for certificate in made:
        key = certificate.inner._key
        secret = key.private_numbers().private_value.to_bytes(32, "big")
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        everything = told + caplog.text
        assert secret not in files and b"PRIVATE KEY" not in files
        assert secret.hex() not in everything.lower() and pem.splitlines()[1] not in everything
        assert certificate.fingerprint in told
    sources = Path(sys.modules[Certificate.__module__].__file__ or "").parent.glob("*.py")
    assert not [path for path in sources if "private_bytes" in path.read_text(encoding="utf-8")]


# ---- 17.2.2: approved, strong DTLS suites and SRTP profiles ----


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM", b"SRTP_AEAD_AES_256_GCM"),
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", b"SRTP_AEAD_AES_128_GCM"),
        (b"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", b"SRTP_AES128_CM_SHA1_80"),  # what RFC 8827 demands
    ],
)
async def test_17_2_2_the_strongest_profile_wins(house: WorkerHouse, offered: bytes, chosen: bytes) -> None:
    ciphers = b"ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256"
    peer = house.raw(ciphers, offered, DTLS_1_2)
    await peer.connect(house.client, "agent")
    await house.event("agent", "up")
    assert peer.dtls.get_selected_srtp_profile() == chosen
    assert peer.dtls.get_cipher_name() == "ECDHE-ECDSA-AES128-GCM-SHA256"
    assert peer.dtls.get_protocol_version_name() == "DTLSv1.2"


@pytest.mark.parametrize(
    ("ciphers", "profiles", "newest"),
    [
        (b"ECDHE-ECDSA-AES128-SHA", b"SRTP_AEAD_AES_128_GCM", DTLS_1_2),
        (b"ECDHE-ECDSA-AES256-SHA", b"SRTP_AEAD_AES_128_GCM", DTLS_1_2),
        (b"ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", b"SRTP_AEAD_AES_128_GCM", DTLS_1_2),
        (b"ECDHE-RSA-AES128-GCM-SHA256", b"SRTP_AEAD_AES_128_GCM", DTLS_1_2),
        (b"ALL:@SECLEVEL=0", b"SRTP_AEAD_AES_128_GCM", DTLS_1_0),
        (b"ECDHE-ECDSA-AES128-GCM-SHA256", b"SRTP_AES128_CM_SHA1_32", DTLS_1_2),
    ],
    ids=["cbc-128", "cbc-256", "null", "rsa", "dtls-1.0", "srtp-short-tag"],
)
async def test_17_2_2_a_peer_that_has_only_weak_ones_is_refused(
    house: WorkerHouse, ciphers: bytes, profiles: bytes, newest: int
) -> None:
    peer = house.raw(ciphers, profiles, newest)
    await peer.join(house.client, "agent")
    assert await peer.check()
    with contextlib.suppress(ConnectionError, KeyError):  # KeyError: a profile that nobody here has keys for
        await peer.handshake()
    await house.event("agent", "gone")
    stats = await house.stats()
    assert stats["handshakes_failed"] == 1 and stats["peers"] == 0


# ---- 17.2.3: SRTP authentication ----


async def test_17_2_3_a_changed_or_repeated_packet_reaches_nobody(house: WorkerHouse) -> None:
    call = await house.call()
    pick = seeded()
    for _ in range(50):
        good = call.agent.rtp(AGENT_FACE, call.seq + 500, KEYFRAME + b"forged")
        bad = bytearray(good)
        bad[pick.randrange(12, len(bad))] ^= 1 << pick.randrange(8)
        call.agent.send(bytes(bad))
    repeated = call.agent.rtp(AGENT_FACE, call.seq, KEYFRAME + b"once")
    call.seq += 1
    for _ in range(50):
        call.agent.send(repeated)
    assert (await call.console.heard(call.slot))[12:] == KEYFRAME + b"once"
    stats = await house.unharmed(call)  # the next that arrives is the next that was sent: none of the others did
    assert stats["unauthentic"] == 99


async def test_17_2_3_reports_are_authenticated_too(house: WorkerHouse) -> None:
    call = await house.call()
    ask = rtcp.receiver_report(1, ()) + rtcp.picture_loss(1, call.slot)
    protected = bytearray(call.console.rtcp(ask))
    protected[10] ^= 1
    call.console.send(bytes(protected))
    protected[10] ^= 1
    for _ in range(3):
        call.console.send(bytes(protected))
    stats = await house.unharmed(call)
    assert stats["unauthentic"] == 3


# ---- 17.2.4: malformed SRTP ----


async def test_17_2_4_malformed_media_harms_no_call(house: WorkerHouse) -> None:
    call = await house.call()
    pick = seeded()
    stranger = house.raw()
    good = call.agent.rtp(AGENT_FACE, call.seq + 50, KEYFRAME)
    for sender in (stranger, call.agent, call.console):
        sender.send(b"")
        for first in range(256):
            sender.send(bytes([first]))
            sender.send(bytes([first]) + pick.randbytes(pick.randrange(0, 1400)))
        for length in range(len(good)):
            sender.send(good[:length])
        for size in (2047, 2048, 2049, 60_000):
            sender.send(b"\x90\x60" + bytes(size))
        await call.say(1)
    stats = await house.unharmed(call)
    assert stats["empty"] == 6
    assert stats["stray"] > 100
    assert stats["unauthentic"] + stats["early_or_short"] + stats["unrouted"] > 100


async def test_17_2_4_malformed_media_under_good_keys_harms_no_call(house: WorkerHouse) -> None:
    call = await house.call()
    page = await house.connected("page")
    pick = seeded()
    for number in range(300):
        payload = pick.randbytes(pick.randrange(0, 60))
        for sender, ssrc, payload_type in ((page, 1000, 111), (page, 77 + number % 20, 111), (page, 1000, 96)):
            with contextlib.suppress(Exception):  # what cannot be protected cannot be sent
                sender.send(sender.rtp(ssrc, number, payload, payload_type=payload_type))
        body = pick.randbytes(4 * pick.randrange(1, 12))
        head = bytes([pick.choice((0x80, 0x81, 0xA0, 0x8F, 0x9F)), pick.randrange(192, 224)])
        page.send(page.rtcp(head + pick.randrange(0, 40).to_bytes(2, "big") + body))
        if number % 50 == 0:
            await call.say(1)
    await house.unharmed(call)


# ---- 17.2.5: a flood of SRTP from good peers and from strangers ----


async def test_17_2_5_a_flood_harms_no_call(house: WorkerHouse) -> None:
    call = await house.call()
    page = await house.connected("page")
    stranger = house.raw()
    junk = packet.write(PAGE_MICROPHONE, 111, 1, 1, False, bytes(200))
    for _ in range(100):
        for _ in range(20):
            stranger.send(junk)  # no address
            page.send(junk)  # no keys
        for _ in range(20):
            page.send(page.rtp(5000, 1, b"x", payload_type=96))  # no m-line
            await asyncio.sleep(0)
        await call.say(1)
    stats = await house.unharmed(call)
    assert stats["stray"] == 2000
    assert (stats["unauthentic"], stats["unrouted"]) == (2000, 2000)


async def test_17_2_5_a_peer_that_asks_without_end_is_not_answered_without_end(house: WorkerHouse) -> None:
    call = await house.call()
    await call.say(200)
    call.agent.send(call.agent.rtp(AGENT_FACE, call.seq, KEYFRAME))
    newest = int.from_bytes((await call.console.heard(call.slot))[2:4], "big")
    nack = rtcp.receiver_report(1, ()) + rtcp.nack(1, call.slot, range(newest - 200, newest))
    for _ in range(40):
        call.console.send(call.console.rtcp(nack))
        call.console.send(call.console.rtcp(rtcp.receiver_report(1, ()) + rtcp.picture_loss(1, call.slot)))
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    resent = requests = 0
    while data := await call.console.receive(0.05):
        resent += 127 < data[0] < 192 and not 192 <= data[1] <= 223
    while data := await call.agent.receive(0.05):
        requests += 127 < data[0] < 192 and 192 <= data[1] <= 223
    assert 100 < resent <= 900, "a second's worth at most"
    assert requests < 40


# ---- 17.2.6: the ClientHello race ----


async def test_17_2_6_stray_client_hellos_end_no_set_up(house: WorkerHouse) -> None:
    strangers = [house.raw() for _ in range(5)]
    hello = strangers[0].hello()
    assert (hello[0], hello[13]) == (22, 1), "a handshake record with a ClientHello"
    sent = 0

    async def shout() -> None:
        nonlocal sent
        while True:
            for stranger in strangers:
                stranger.send(hello)
                sent += 1
            await asyncio.sleep(0.02)  # 250 a second from five sockets

    shouting = asyncio.create_task(shout())
    try:
        for number in range(12):
            peer = house.raw()
            await peer.join(house.client, "agent")
            await asyncio.sleep(0.05)  # the answer is out, the race is on
            assert await peer.check()
            await peer.handshake()
            await house.event("agent", "up")
            house.client.events.clear()
            assert (await house.stats()).get("handshakes_failed", 0) == 0, number
    finally:
        shouting.cancel()
        await asyncio.wait({shouting})
    stats = await house.stats()
    assert sent > 100 and stats["stray"] >= sent - 10
    assert stats["peers"] == 1


# ---- 17.2.7: recording under a flood ----

FLOODER = """
import random, socket, sys, time
port, seconds = int(sys.argv[1]), float(sys.argv[2])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
pick, end = random.Random(1), time.monotonic() + seconds
kinds = [b"\\x80\\x60" + pick.randbytes(300), b"\\x16\\xfe\\xfd" + pick.randbytes(100), b"\\0\\1\\0\\0" + bytes(30)]
count = 0
while time.monotonic() < end:
    for _ in range(20):
        out.sendto(kinds[count % 3], ("127.0.0.1", port))
        count += 1
    time.sleep(0.004)
print(count)
"""


async def test_17_2_7_recording_goes_on_under_a_flood(tmp_path: Path) -> None:
    async with worker_house(tmp_path / "worker.sock", JournalRecorder()) as house:
        await house.client.ask(_record(tmp_path))
        call = await house.call()
        flooder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FLOODER, str(house.port), "4", stdout=asyncio.subprocess.PIPE
        )
        house.client.events.clear()
        while flooder.returncode is None:
            await call.say(1)
            await asyncio.sleep(0.02)
        assert flooder.stdout is not None
        flooded = int(await flooder.stdout.read())
        reports = [event for event in house.client.events if isinstance(event, RecordingProgress)]
        assert len(reports) >= 3
        assert not any(report.stalled for report in reports)
        assert reports[-1].bytes_total > reports[0].bytes_total
        assert reports[-1].bytes_recent > 0
        stats = await house.unharmed(call)
        assert flooded > 2000 and stats["stray"] + stats["checks_dropped"] > 0.5 * flooded
        await house.client.ask(CloseRoom(room="r"))
    assert (tmp_path / "r.journal").stat().st_size >= reports[-1].bytes_total


# ---- 17.2.8: the certificate is the one that signalling named ----


@pytest.mark.parametrize("seed", range(3))
async def test_17_2_8_one_wrong_digit_in_the_fingerprint_and_the_call_fails(house: WorkerHouse, seed: int) -> None:
    peer = house.raw()
    name, _, value = peer.fingerprint.partition(" ")
    at = random.Random(seed).choice([at for at, digit in enumerate(value) if digit != ":"])
    wrong = value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
    await peer.join(house.client, "agent", sdp=peer.offer("agent").replace(value, wrong))
    assert re.search(rf"a=fingerprint:{name} ", peer.reply.sdp)
    assert await peer.check()
    with contextlib.suppress(ConnectionError):
        await peer.handshake()
    await house.event("agent", "gone")
    assert not [event for event in house.client.events if getattr(event, "state", "") == "up"]
    assert (await house.stats())["handshakes_failed"] == 1


def _record(folder: Path) -> StartRecording:
    return StartRecording(room="r", recording="rec-1", path=str(folder / "r.journal"), key_hex="ab" * 32)
