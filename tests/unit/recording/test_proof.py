"""What `recording verify` says of journals, manifests and files that were left alone, and of others."""

import shutil
from pathlib import Path

import pytest

from tests.fakes.encoded import encode_pictures, encode_voice, opus_packets, vp8_packets
from tests.unit.recording.conftest import Take
from vwindow.recording.manifest import MANIFEST, file_digest
from vwindow.recording.proof import Finding, prove
from vwindow.recording.suite import DEFAULT


@pytest.fixture
async def done(take: Take) -> Take:
    packets = {
        "kiosk.face": vp8_packets(encode_pictures(2.0), origin=take.origin),
        "staff.microphone": opus_packets(encode_voice(2.0), origin=take.origin),
    }
    await take.record(packets, 2.0)
    take.finish()
    return take


def bad(findings: list[Finding]) -> list[str]:
    return [finding.subject for finding in findings if not finding.holds]


async def test_what_was_left_alone_holds(done: Take) -> None:
    shutil.copy(done.journal, done.out)
    digest = file_digest(done.out / MANIFEST, DEFAULT)
    findings = prove(done.out, done.key, digest)
    assert bad(findings) == [] and len(findings) == 4
    (journal,) = prove(done.journal, done.key)
    assert journal.holds and "the sha256 chain holds" in journal.words and journal.head in journal.words
    assert str(journal).startswith("ok  call.journal: ")
    assert bad(prove(done.out / "kiosk.webm.sealed", done.key)) == []


async def test_a_changed_byte_anywhere_is_said(done: Take) -> None:
    for path in sorted(done.out.iterdir()):
        data = path.read_bytes()
        for at in (0, 40, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :])
            assert bad(prove(done.out, done.key)) == [path.name], at
        path.write_bytes(data[:-1])
        assert bad(prove(done.out, done.key)) == [path.name]
        path.write_bytes(data)
    assert bad(prove(done.out, bytes(32))) == [MANIFEST]


async def test_files_that_come_go_and_change_places(done: Take, tmp_path: Path) -> None:
    kiosk, staff = done.out / "kiosk.webm.sealed", done.out / "staff.webm.sealed"
    shutil.copy(kiosk, done.out / "guest.webm.sealed")
    assert bad(prove(done.out, done.key)) == ["guest.webm.sealed"]
    (done.out / "guest.webm.sealed").unlink()
    first, second = kiosk.read_bytes(), staff.read_bytes()
    kiosk.write_bytes(second)
    assert bad(prove(done.out, done.key)) == ["kiosk.webm.sealed"]
    kiosk.write_bytes(first)
    staff.unlink()
    assert bad(prove(done.out, done.key)) == ["staff.webm.sealed"]
    (done.out / MANIFEST).unlink()
    assert bad(prove(done.out, done.key)) == [MANIFEST]
    assert bad(prove(tmp_path / "deep", done.key)) == []


async def test_a_whole_set_made_anew_is_told_by_the_hash_kept_elsewhere(done: Take) -> None:
    """Who has the key can make all files again; the hash that the server keeps is another one."""
    kept = file_digest(done.out / MANIFEST, DEFAULT)
    done.finish()
    assert bad(prove(done.out, done.key)) == []
    assert bad(prove(done.out, done.key, kept)) == [MANIFEST]


async def test_journals_that_are_not_whole(done: Take, tmp_path: Path) -> None:
    data = done.journal.read_bytes()
    place = tmp_path / "cut.journal"
    for cut, words in ((len(data) - 5, "its end is missing"), (30, "nothing was recorded")):
        place.write_bytes(data[:cut])
        (finding,) = prove(place, done.key)
        assert not finding.holds and words in finding.words
    place.write_bytes(data[:300] + b"\0" + data[301:])
    (finding,) = prove(place, done.key)
    assert not finding.holds and "changed" in finding.words
    place.write_bytes(b"x" * 1000)
    assert "no journal" in prove(place, done.key)[0].words
    assert "this key" in prove(done.journal, bytes(32))[0].words
    place.rename(done.out / "call.journal")
    (done.out / "call.journal").write_bytes(data[:-5])
    assert bad(prove(done.out, done.key)) == ["call.journal", "call.journal"]
