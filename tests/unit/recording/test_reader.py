"""Journals after a crash or a hand: everything authentic is read, nothing else is."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.unit.recording.conftest import VP8
from vwindow.recording.block import (
    BLOCK_HEADER_BYTES,
    DATA,
    END,
    HEADER_BYTES,
    JournalHeader,
    JournalUnreadable,
    seal_block,
)
from vwindow.recording.chain import Chain
from vwindow.recording.journal import JournalRecorder
from vwindow.recording.reader import JournalDamaged, JournalReader
from vwindow.recording.record import End, Link, Track, TrackPacket, pack_end, pack_link, pack_packet, pack_track
from vwindow.recording.seal import JOURNAL, SALT_BYTES
from vwindow.recording.suite import DEFAULT, Suite
from vwindow.sfu.ports import Packet

KEY = bytes(range(32))
BLOCKS = 12


def build(suite: Suite = DEFAULT, *, chained: bool = True) -> tuple[bytes, list[bytes]]:
    """Return a journal's header and blocks; block n holds packets numbered 10 n to 10 n + 9, the last is the end."""
    header = JournalHeader(os.urandom(SALT_BYTES), 1.7e9, 100.0, suite, chained)
    aead = suite.aead(KEY, header.salt, JOURNAL)
    chain = Chain(suite, header.pack(KEY))
    blocks: list[bytes] = []

    def seal(kind: int, plain: bytes) -> None:
        link = pack_link(Link(chain.head, 100.0 + 10 * len(blocks), 1.7e9)) if chained else b""
        blocks.append(seal_block(aead, kind, len(blocks), link + plain))
        chain.add(blocks[-1])

    for number in range(BLOCKS):
        plain = pack_track(Track(1, "kiosk.face", VP8)) if number == 0 else b""
        for seq in range(number * 10, number * 10 + 10):
            plain += pack_packet(1, Packet(seq, seq, True, os.urandom(seq), 100.0 + seq, False))
        seal(DATA, plain)
    seal(END, pack_end(End(200.0, 0, 0)))
    return header.pack(KEY), blocks


def read_all(path: Path, data: bytes) -> tuple[list[int], bool, bool]:
    """Return the numbers of the packets that were read, torn, damaged."""
    path.write_bytes(data)
    reader = JournalReader(path, KEY)
    seqs: list[int] = []
    try:
        seqs.extend(record.packet.seq for record in reader.records() if isinstance(record, TrackPacket))
    except JournalDamaged:
        assert reader.damaged
    return seqs, reader.torn, reader.damaged


def of_blocks(*numbers: int) -> list[int]:
    return [seq for number in numbers for seq in range(number * 10, number * 10 + 10)]


def test_truncated_at_any_byte_keeps_all_whole_blocks(tmp_path: Path) -> None:
    head, blocks = build()
    data = head + b"".join(blocks)
    ends = [len(head)]
    for block in blocks:
        ends.append(ends[-1] + len(block))
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    cuts = {0, 1, HEADER_BYTES - 1, *(e + d for e in ends for d in (-1, 0, 1, BLOCK_HEADER_BYTES))}
    cuts |= {chance.randrange(len(data)) for _ in range(300)}
    for cut in sorted(c for c in cuts if c < len(data)):
        seqs, torn, damaged = read_all(tmp_path / "j", data[:cut])
        whole = sum(e <= cut for e in ends) - 1
        assert seqs == of_blocks(*range(min(max(whole, 0), BLOCKS))), cut
        assert torn and not damaged, cut


def test_whole_journal(tmp_path: Path) -> None:
    head, blocks = build()
    assert read_all(tmp_path / "j", head + b"".join(blocks)) == (of_blocks(*range(BLOCKS)), False, False)


def test_zeros_after_a_power_cut_are_a_torn_tail(tmp_path: Path) -> None:
    head, blocks = build()
    data = head + b"".join(blocks[:5]) + bytes(10_000)
    assert read_all(tmp_path / "j", data) == (of_blocks(*range(5)), True, False)


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    head, blocks = build()
    data = head + b"".join(blocks)
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(300):
        at = chance.randrange(len(head), len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        seqs, torn, damaged = read_all(tmp_path / "j", bytes(changed))
        hit, position = 0, len(head)
        while position + len(blocks[hit]) <= at:
            position += len(blocks[hit])
            hit += 1
        assert seqs == of_blocks(*(n for n in range(BLOCKS) if n != hit)), at
        # A length that points beyond the end looks like a crash when it is in the last block.
        assert damaged or (torn and hit == BLOCKS), at


def test_moved_repeated_and_missing_blocks(tmp_path: Path) -> None:
    head, b = build()
    path = tmp_path / "j"
    assert read_all(path, head + b[0] + b[2] + b[1] + b"".join(b[3:]))[1:] == (False, True)
    assert read_all(path, head + b[0] + b[1] + b[1] + b"".join(b[2:])) == (of_blocks(*range(BLOCKS)), False, True)
    seqs, _, damaged = read_all(path, head + b[0] + b"".join(b[2:]))
    assert damaged and seqs == of_blocks(0, *range(2, BLOCKS))
    assert read_all(path, head + b"".join(b) + b"more")[2]
    other_head, _ = build()
    with pytest.raises(JournalUnreadable):
        JournalReader(path, bytes(32))
    assert read_all(path, other_head + b"".join(b)) == ([], True, True)


def test_random_bytes(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    head, blocks = build()
    path = tmp_path / "j"
    for _ in range(100):
        noise = chance.randbytes(chance.randrange(1, 5000)) + b"VWbk" * chance.randrange(20)
        seqs, torn, _ = read_all(path, head + blocks[0] + noise)
        assert seqs == of_blocks(0) and torn
        path.write_bytes(noise)
        try:
            assert list(JournalReader(path, KEY).records()) == []
        except JournalUnreadable as error:
            assert error.code == "journal_unreadable"


def test_wrong_key_is_told_from_damage(tmp_path: Path) -> None:
    recording = JournalRecorder().open(str(tmp_path / "j"), KEY, 0.0)
    asyncio.run(recording.close())
    with pytest.raises(JournalUnreadable) as raised:
        JournalReader(tmp_path / "j", bytes(32))
    assert raised.value.code == "wrong_key"


def test_a_reader_reads_twice(tmp_path: Path) -> None:
    head, blocks = build()
    (tmp_path / "j").write_bytes(head + b"".join(blocks))
    reader = JournalReader(tmp_path / "j", KEY)
    assert list(reader.records()) == list(reader.records())
