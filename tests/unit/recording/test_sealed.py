"""Sealed files: any part can be opened, any change is noticed."""

import io
import os
import random
import stat
from pathlib import Path

import pytest

from vwindow.recording.sealed import CHUNK_BYTES, HEADER_BYTES, SealBroken, SealedReader, SealedStream, SealedWriter

KEY = bytes(range(32))


def seal(path: Path, plain: bytes, piece: int = 50_000) -> None:
    writer = SealedWriter(path, KEY)
    for at in range(0, len(plain), piece):
        writer.write(plain[at : at + piece])
    assert writer.finish() == len(plain)
    writer.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 300_001])
def test_ranges(tmp_path: Path, size: int) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    plain = chance.randbytes(size)
    seal(tmp_path / "f", plain)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    with SealedReader(tmp_path / "f", KEY) as reader:
        assert reader.size == size
        assert reader.read(0, size) == plain
        for _ in range(100):
            offset, length = chance.randrange(size + 10), chance.randrange(2 * CHUNK_BYTES)
            assert reader.read(offset, length) == plain[offset : offset + length]
        assert all(len(piece) <= CHUNK_BYTES for piece in reader.pieces(0, size))
        assert b"".join(reader.pieces(3, size)) == plain[3:]


def test_a_stream_reads_like_a_file(tmp_path: Path) -> None:
    plain = os.urandom(200_000)
    seal(tmp_path / "f", plain)
    with SealedReader(tmp_path / "f", KEY) as reader:
        stream, file = SealedStream(reader), io.BytesIO(plain)
        for whence, offset, size in [(0, 70_000, 5), (1, -3, 9), (2, -10, 100), (0, 0, -1), (0, 999_999, 4)]:
            assert stream.seek(offset, whence) == file.seek(offset, whence)
            assert stream.read(size) == file.read(size)
            assert stream.tell() == file.tell() or offset > len(plain)


def test_the_first_chunk_can_be_patched_and_no_other(tmp_path: Path) -> None:
    plain = bytearray(os.urandom(4 * CHUNK_BYTES + 10))
    writer = SealedWriter(tmp_path / "f", KEY)
    writer.write(bytes(plain))
    writer.seek(CHUNK_BYTES - 4)
    writer.write(b"1234")
    writer.seek(4 * CHUNK_BYTES + 2)
    writer.write(b"567")
    for place in (CHUNK_BYTES, 2 * CHUNK_BYTES + 5, 4 * CHUNK_BYTES - 1):
        with pytest.raises(OSError):
            writer.seek(place)
    writer.seek(CHUNK_BYTES - 2)
    with pytest.raises(OSError):
        writer.write(b"34x")
    assert writer.seek(0, os.SEEK_END) == len(plain)
    writer.write(b"tail")
    writer.finish()
    writer.close()
    plain[CHUNK_BYTES - 4 : CHUNK_BYTES] = b"1234"
    plain[4 * CHUNK_BYTES + 2 : 4 * CHUNK_BYTES + 5] = b"567"
    with SealedReader(tmp_path / "f", KEY) as reader:
        assert reader.read(0, 10**9) == bytes(plain) + b"tail"


def test_changes_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    seal(path, os.urandom(3 * CHUNK_BYTES + 100))
    sealed = path.read_bytes()
    stride = CHUNK_BYTES + 16
    first, second = (
        sealed[HEADER_BYTES : HEADER_BYTES + stride],
        sealed[HEADER_BYTES + stride : HEADER_BYTES + 2 * stride],
    )
    swapped = sealed[:HEADER_BYTES] + second + first + sealed[HEADER_BYTES + 2 * stride :]
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    bad = [swapped, sealed[:-1], sealed[: HEADER_BYTES + stride], sealed[:10], b"", b"\0" * 200]
    for _ in range(100):
        flipped = bytearray(sealed)
        flipped[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        bad.append(bytes(flipped))
    for data in bad:
        path.write_bytes(data)
        with pytest.raises(SealBroken), SealedReader(path, KEY) as reader:
            reader.read(0, reader.size)
    path.write_bytes(sealed)
    with pytest.raises(SealBroken):
        SealedReader(path, bytes(32))


def test_an_unfinished_file_cannot_be_opened(tmp_path: Path) -> None:
    writer = SealedWriter(tmp_path / "f", KEY)
    writer.write(os.urandom(3 * CHUNK_BYTES))
    writer.close()
    with pytest.raises(SealBroken):
        SealedReader(tmp_path / "f", KEY)
    with pytest.raises(FileNotFoundError):
        SealedReader(tmp_path / "none", KEY)
