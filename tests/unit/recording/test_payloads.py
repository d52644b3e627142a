"""VP8 descriptors and Opus packets, byte by byte."""

import random

import pytest

from vwindow.recording.opus import duration
from vwindow.recording.reorder import Reorder
from vwindow.recording.voice import LONG_SILENCE, SILENCE, VoiceLine
from vwindow.recording.vp8 import FrameAssembler, is_keyframe, parse_descriptor, picture_size
from vwindow.sfu.ports import Packet

KEYFRAME = b"\x10\x02\x00\x9d\x01\x2a\x80\x42\xe0\x81rest"
DELTA = b"\x11\x02\x00delta"


@pytest.mark.parametrize(
    ("head", "size", "begins", "picture", "bits"),
    [
        ("10", 1, True, None, 0),
        ("00", 1, False, None, 0),
        ("11", 1, False, None, 0),  # partition 1
        ("3f", 1, False, None, 0),
        ("90 00", 2, True, None, 0),
        ("90 80 7f", 3, True, 127, 7),
        ("90 80 81 02", 4, True, 258, 15),
        ("90 c0 05 09", 4, True, 5, 7),
        ("90 e0 85 01 09 20", 6, True, 1281, 15),
        ("90 10 03", 3, True, None, 0),
        ("90 30 43", 3, True, None, 0),
        ("80 f0 05 01 40", 5, False, 5, 7),
    ],
)
def test_descriptors(head: str, size: int, begins: bool, picture: int | None, bits: int) -> None:
    data = bytes.fromhex(head)
    found = parse_descriptor(data + DELTA)
    assert found is not None
    assert (found.size, found.begins, found.picture, found.picture_bits) == (size, begins, picture, bits)
    for cut in range(len(data) + 1):
        assert parse_descriptor(data[:cut]) is None or cut < len(data)


def test_keyframe_header() -> None:
    assert is_keyframe(KEYFRAME) and picture_size(KEYFRAME) == (640, 480)  # scaling bits left out
    assert not is_keyframe(DELTA) and not is_keyframe(KEYFRAME[:9]) and not is_keyframe(b"")


def frame(seq: int, data: bytes, *, picture: int | None = None, marker: bool = True, begins: bool = True) -> Packet:
    head = bytes([0x10 * begins]) if picture is None else bytes([0x80 | 0x10 * begins, 0x80, picture & 0x7F])
    return Packet(seq, seq * 100, marker, head + data, 0.0, False)


def test_picture_ids_wrap() -> None:
    assembler = FrameAssembler()
    assert assembler.push(frame(1, KEYFRAME, picture=126), 0) is not None
    assert assembler.push(frame(5, DELTA, picture=127), 0) is not None
    assert assembler.push(frame(9, DELTA, picture=128), 0) is not None
    assert assembler.push(frame(12, DELTA, picture=130), 0) is None
    assert assembler.push(frame(13, DELTA, picture=131), 0) is None
    assert assembler.push(frame(14, KEYFRAME, picture=132), 0) is not None
    assert assembler.dropped == 2


def test_a_frame_without_its_end_or_begin() -> None:
    assembler = FrameAssembler()
    assert assembler.push(frame(1, DELTA), 0) is None
    assert assembler.push(frame(2, KEYFRAME), 0) is not None
    assert assembler.push(frame(3, DELTA, marker=False), 0) is None
    assert assembler.push(frame(4, DELTA), 0) is None
    assert assembler.push(frame(5, KEYFRAME), 0) is not None
    assert assembler.push(frame(6, DELTA, begins=False), 0) is None
    assert assembler.push(frame(7, DELTA), 0) is None


def test_reorder_waits_and_gives_up() -> None:
    order: Reorder[None] = Reorder()

    def push(seq: int, arrival: float) -> list[int]:
        return [p.seq for p, _ in order.push(Packet(seq, 0, False, b"", arrival, False), None)]

    assert push(2, 0.0) == [] and push(1, 0.1) == []
    assert push(3, 2.2) == [1, 2, 3]
    assert push(3, 2.2) == [] and push(1, 2.2) == []
    assert push(5, 2.3) == [] and push(5, 2.3) == []
    assert push(4, 2.4) == [4, 5]
    assert push(7, 3.0) == [] and push(9, 4.0) == []
    assert [p.seq for p, _ in order.advance(5.5)] == [7]
    assert push(6, 5.6) == []
    assert [p.seq for p, _ in order.flush()] == [9]


def test_reorder_is_bounded() -> None:
    order: Reorder[None] = Reorder()
    given = 0
    for seq in range(0, 20_000, 2):
        given += len(list(order.push(Packet(seq, 0, False, b"", 0.0, False), None)))
    assert given >= 10_000 - 4097


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (SILENCE.hex(), 960),
        (LONG_SILENCE.hex(), 5760),
        ("fc", 960),  # a frame of no bytes is legal
        ("08 01", 960),
        ("18 01", 2880),
        ("60 01", 480),
        ("e0 01", 120),
        ("f9 01 02", 1920),
        ("f9 01", 0),
        ("fa 01 02 03", 1920),
        ("fa 09 02 03", 0),
        ("fa", 0),
        ("fb", 0),
        ("fb 00", 0),
        ("fb 07", 0),  # more than 120 ms
        ("fb 42 01 aa bb 00", 1920),
        ("fb 42 09 aa", 0),
        ("fb 82 01 aa bb", 1920),
        ("fb 82 09 aa", 0),
        ("", 0),
    ],
)
def test_opus_durations(packet: str, samples: int) -> None:
    assert duration(bytes.fromhex(packet)) == samples


def test_a_voice_has_no_gap_and_no_overlap() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    line = VoiceLine()
    end, clock = 0, 0.0
    for _ in range(2000):
        clock += chance.choice([0.02, 0.02, 0.0201, 0.4, 0.0, 0.06])
        for sound in line.put(clock, chance.choice([SILENCE, LONG_SILENCE, b"\x78x", b""])):
            assert sound.at == end and sound.samples > 0
            end += sound.samples
        assert end <= clock * 48_000 + 5760 + 960
    for sound in line.fill(clock + 1):
        assert sound.at == end
        end += sound.samples
    assert end == pytest.approx((clock + 1) * 48_000, abs=5760)
