"""The hash chain over a journal, and the two families of ciphers and hashes."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from tests.fakes.encoded import encode_voice, opus_packets
from tests.unit.recording.conftest import Take
from tests.unit.recording.test_reader import BLOCKS, KEY, build, of_blocks, read_all
from vwindow.recording.block import DATA, seal_block
from vwindow.recording.journal import JournalRecorder
from vwindow.recording.reader import JournalDamaged, JournalReader
from vwindow.recording.record import Link, pack_link, pack_packet
from vwindow.recording.seal import JOURNAL
from vwindow.recording.sealed import SealedReader, SealedWriter
from vwindow.recording.suite import CIPHERS, HASHES, Sm4Gcm, Suite
from vwindow.sfu.ports import Packet

ALL = [Suite(cipher, hash) for cipher in CIPHERS for hash in HASHES]
NATIONAL = Suite("sm4-gcm", "sm3")


def test_sm4_gcm_and_sm3_are_those_of_the_standards() -> None:
    """RFC 8998 appendix A.1; GB/T 32905-2016 example 1."""
    aead = Sm4Gcm(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    head = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    once = bytes.fromhex("00001234567800000000ABCD")
    assert aead.encrypt(once, plain, head) == sealed
    assert aead.decrypt(once, sealed, head) == plain
    with pytest.raises(InvalidTag):
        aead.decrypt(once, sealed[:-1] + b"\0", head)
    with pytest.raises((InvalidTag, ValueError)):
        aead.decrypt(once, b"short", head)
    assert Suite(hash="sm3").digest(b"a", b"bc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


@pytest.mark.parametrize("suite", ALL, ids=lambda suite: f"{suite.cipher}-{suite.hash}")
def test_every_suite_reads_back_and_its_chain_holds(tmp_path: Path, suite: Suite) -> None:
    head, blocks = build(suite)
    path = tmp_path / "j"
    path.write_bytes(head + b"".join(blocks))
    reader = JournalReader(path, KEY)
    assert len(list(reader.records())) == BLOCKS * 10 + 2
    assert reader.chain_holds and not reader.torn
    expected = suite.digest(head)
    for block in blocks:
        expected = suite.digest(expected, block)
    assert reader.head == expected
    assert [link.monotonic for link in reader.links] == [100.0, 160.0, 220.0]
    with SealedWriter(tmp_path / "s", KEY, suite) as output:
        output.write(b"x" * 200_000)
        output.finish()
    with SealedReader(tmp_path / "s", KEY) as sealed:
        assert sealed.read(0, 300_000) == b"x" * 200_000


def test_a_torn_journal_proves_itself_up_to_its_last_block(tmp_path: Path) -> None:
    head, blocks = build(NATIONAL)
    path = tmp_path / "j"
    path.write_bytes(head + b"".join(blocks[:5]) + blocks[5][:100])
    reader = JournalReader(path, KEY)
    list(reader.records())
    assert reader.torn and reader.chain_holds
    path.write_bytes(head + b"".join(blocks[:5]))
    whole = JournalReader(path, KEY)
    list(whole.records())
    assert whole.head == reader.head


def test_journals_of_the_first_version_still_read(tmp_path: Path) -> None:
    head, blocks = build(chained=False)
    path = tmp_path / "j"
    assert read_all(path, head + b"".join(blocks)) == (of_blocks(*range(BLOCKS)), False, False)
    reader = JournalReader(path, KEY)
    list(reader.records())
    assert not reader.chain_holds


def test_a_key_does_not_help_to_change_a_block(tmp_path: Path) -> None:
    """Who has the key can seal another block, but what stands behind it names the true one."""
    head, blocks = build()
    reader = JournalReader(_put(tmp_path, head + b"".join(blocks)), KEY)
    assert len(list(reader.blocks())) == BLOCKS + 1 and reader.header is not None
    aead = reader.header.suite.aead(KEY, reader.header.salt, JOURNAL)
    before = reader.header.suite.digest(head)
    for block in blocks[:3]:
        before = reader.header.suite.digest(before, block)
    records = pack_packet(1, Packet(999, 0, True, b"forged", 130.0, False))
    forged = seal_block(aead, DATA, 3, pack_link(Link(before, 130.0, 1.7e9)) + records)
    changed = JournalReader(_put(tmp_path, head + b"".join([*blocks[:3], forged, *blocks[4:]])), KEY)
    with pytest.raises(JournalDamaged):
        list(changed.records())
    assert changed.damaged and not changed.chain_holds


async def test_a_recording_of_the_national_suite(take: Take) -> None:
    recorder = JournalRecorder(take.clock.monotonic, NATIONAL)
    take.recorder = recorder
    await take.record({"kiosk.microphone": opus_packets(encode_voice(3.0), origin=take.origin)}, 3.0)
    reader = JournalReader(take.journal, take.key)
    list(reader.records())
    assert reader.header is not None and reader.header.suite == NATIONAL and reader.chain_holds
    assert take.finish()["ok"]
    assert (take.loudness("kiosk")[5:-5] > 0.1).all()
    # The finished file names its cipher; the default one does not open it.
    sealed = bytearray((take.out / "kiosk.webm.sealed").read_bytes())
    assert sealed[9:11] == NATIONAL.pack()


def test_a_suite_that_is_not_known_is_told() -> None:
    assert Suite.unpack(b"\x02\x00") is None and Suite.unpack(b"\x00\x09") is None and Suite.unpack(b"") is None


def _put(folder: Path, data: bytes) -> Path:
    path = folder / "j"
    path.write_bytes(data)
    return path
