"""H.264: out of RTP packets, into fragmented MP4."""

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.encoded import (
    Encoded,
    encode_h264,
    encode_pictures,
    encode_voice,
    h264_packets,
    h264_units,
    opus_packets,
    vp8_packets,
)
from tests.unit.recording.conftest import H264, VP8, Take
from vwindow.recording.h264 import H264Assembler, picture_size, units_of
from vwindow.recording.sealed import SealedReader
from vwindow.sfu.ports import Packet

SECONDS = 4.0


@pytest.fixture(scope="module")
def pictures() -> list[Encoded]:
    return encode_h264(SECONDS, size=(320, 240))


def frames_of(packets: list[Packet]) -> tuple[list[bytes], int]:
    assembler = H264Assembler()
    frames = [frame for packet in packets if (frame := assembler.push(packet, packet.arrival)) is not None]
    return [frame.data for frame in frames], assembler.dropped


@pytest.mark.parametrize("size", [(160, 120), (640, 480), (1280, 720), (1920, 1080), (322, 182)])
def test_the_size_is_read_from_the_parameter_set(size: tuple[int, int]) -> None:
    (first, *_) = encode_h264(0.2, size=size)
    sps = next(unit for unit in h264_units(first.data) if unit[0] & 0x1F == 7)
    assert picture_size(sps) == size
    for end in range(1, len(sps) - 4):
        picture_size(sps[:end])


def test_units_go_in_and_come_out(pictures: list[Encoded]) -> None:
    packets = h264_packets(pictures)
    assert {packet.payload[0] & 0x1F for packet in packets} >= {24, 28}
    frames, dropped = frames_of(packets)
    expected = [
        b"".join(len(unit).to_bytes(4, "big") + unit for unit in h264_units(picture.data)) for picture in pictures
    ]
    assert frames == expected and dropped == 0


def test_a_loss_costs_all_up_to_the_next_keyframe(pictures: list[Encoded]) -> None:
    packets = h264_packets(pictures)
    middle = next(n for n, p in enumerate(packets) if p.arrival > 1.5 and p.payload[0] & 0x1F == 28 and not p.marker)
    frames, dropped = frames_of([p for n, p in enumerate(packets) if n != middle])
    assert 0 < dropped <= 15
    assert len(frames) + dropped == len(pictures)
    # A whole frame that is gone leaves no trace but its numbers.
    gone = packets[middle].timestamp
    frames, _ = frames_of([p for p in packets if p.timestamp != gone])
    assert len(frames) < len(pictures) - 1


def test_noise_never_raises(pictures: list[Encoded]) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    assembler = H264Assembler()
    for seq in range(3000):
        head = chance.choice([b"", b"\x7c\x85", b"\x7c\x45", b"\x7c\x05", b"\x78\x00\x05", b"\x65", b"\x67", b"\x7c"])
        payload = head + chance.randbytes(chance.randrange(20))
        units_of(payload)
        picture_size(payload)
        assembler.push(Packet(seq, chance.randrange(5), chance.random() < 0.4, payload, float(seq), False), 0.0)


async def test_a_side_becomes_a_fragmented_mp4_with_its_voice(take: Take, pictures: list[Encoded]) -> None:
    take.video = H264
    packets = {
        "kiosk.face": h264_packets(pictures, origin=take.origin, timestamp=2**32 - 90_000),
        "kiosk.microphone": opus_packets(encode_voice(SECONDS), origin=take.origin),
    }
    await take.record(packets, SECONDS)
    report = take.finish()
    kiosk = report["sides"]["kiosk"]
    assert kiosk["file"] == "kiosk.mp4.sealed" and kiosk["lost_frames"] == 0
    assert kiosk["duration"] == pytest.approx(SECONDS, abs=0.1)
    shown = take.pictures("kiosk")
    assert len(shown) == kiosk["frames"] == len(pictures) and shown[0][1:] == (320, 240)
    assert np.allclose([t for t, _, _ in shown], [p.seconds + 0.03 for p in pictures], atol=0.01)
    assert (take.loudness("kiosk")[5:190] > 0.1).all()
    with SealedReader(take.out / "kiosk.mp4.sealed", take.key) as reader:
        data = reader.read(0, reader.size)
    assert data[4:8] == b"ftyp" and data.count(b"moof") >= 4


async def test_a_late_picture_is_shown_late(take: Take) -> None:
    take.video = H264
    late = encode_h264(1.0, begin=2.0)
    voice = opus_packets(encode_voice(SECONDS), origin=take.origin)
    await take.record({"kiosk.face": h264_packets(late, origin=take.origin), "kiosk.microphone": voice}, SECONDS)
    take.finish()
    times = [t for t, _, _ in take.pictures("kiosk")]
    assert np.allclose(times, [p.seconds + 0.03 for p in late], atol=0.01)


async def test_a_picture_without_a_voice(take: Take) -> None:
    take.video = H264
    pictures = encode_h264(9.0)
    await take.record({"kiosk.screen": h264_packets(pictures, origin=take.origin)}, 9.0)
    report = take.finish()["sides"]["kiosk.screen"]
    assert report["frames"] == len(pictures) and report["duration"] == pytest.approx(9.0, abs=0.1)
    assert len(take.pictures("kiosk.screen")) == len(pictures)


async def test_noise_in_h264_spoils_only_itself(take: Take) -> None:
    take.video = H264
    chance = random.Random(5)
    (first, *_) = encode_h264(0.2)
    broken = [replace(p, payload=p.payload[:2] + chance.randbytes(40)) for p in h264_packets(encode_h264(2.0))]
    sets = [replace(p, arrival=take.origin) for p in h264_packets([first])[:1]]
    moved = [replace(p, arrival=p.arrival + take.origin) for p in broken]
    await take.record({"kiosk.face": [*sets, *moved]}, 3.0)
    report = take.finish()
    assert report["ok"] and report["unplayable"] in ([], ["kiosk.face"])


async def test_a_codec_that_changes_goes_on_in_a_further_file(take: Take, pictures: list[Encoded]) -> None:
    """A room has one codec; a call whose media began anew in another one loses no picture of either."""
    take.video = H264
    first = {
        "kiosk.face": h264_packets(pictures, origin=take.origin),
        "kiosk.microphone": opus_packets(encode_voice(SECONDS), origin=take.origin),
    }
    await take.record(first, SECONDS)
    journal, take.journal, take.video = take.journal, take.folder / "deep" / "call-2.journal", VP8
    take.origin = take.clock.monotonic()
    second = {
        "kiosk.face": vp8_packets(encode_pictures(2.0), origin=take.origin),
        "kiosk.microphone": opus_packets(encode_voice(2.0), origin=take.origin),
    }
    await take.record(second, 2.0)
    report = take.finish_all([journal, take.journal])
    kiosk, later = report["sides"]["kiosk"], report["sides"]["kiosk.face-later"]
    assert (kiosk["file"], kiosk["frames"]) == ("kiosk.mp4.sealed", len(pictures))
    assert (later["file"], later["frames"]) == ("kiosk.face-later.webm.sealed", 30)
    assert later["tracks"] == [{"kind": "video", "source": "kiosk.face"}]
    assert report["unplayable"] == []
    assert take.pictures("kiosk.face-later")[0][0] == pytest.approx(SECONDS + 0.03, abs=0.05)
    loud = take.loudness("kiosk") > 0.05  # the voice of both is in one file
    assert loud[10:190].all() and loud[215:290].all()


async def test_the_longer_part_goes_with_the_voice(take: Take, pictures: list[Encoded]) -> None:
    take.video = H264
    await take.record({"kiosk.face": h264_packets(encode_h264(0.4), origin=take.origin)}, 0.5)
    journal, take.journal, take.video = take.journal, take.folder / "deep" / "call-2.journal", VP8
    take.origin = take.clock.monotonic()
    await take.record({"kiosk.face": vp8_packets(encode_pictures(3.0), origin=take.origin)}, 3.0)
    sides = take.finish_all([journal, take.journal])["sides"]
    assert sides["kiosk"]["file"] == "kiosk.webm.sealed" and sides["kiosk"]["frames"] == 45
    assert sides["kiosk.face"]["file"] == "kiosk.face.mp4.sealed"
