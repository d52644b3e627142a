"""A recording of several journals, sources and pauses on one line of time, and its manifest."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.encoded import Encoded, encode_pictures, encode_voice, opus_packets, vp8_packets
from tests.unit.recording.conftest import OPUS, Take
from tests.unit.recording.test_crash import run_finisher
from vwindow.recording.manifest import MANIFEST, file_digest, read_manifest
from vwindow.recording.reader import JournalReader
from vwindow.recording.record import TrackPacket
from vwindow.recording.suite import DEFAULT
from vwindow.sfu.ports import Packet

SECONDS = 4.0


@pytest.fixture(scope="module")
def pictures() -> list[Encoded]:
    return encode_pictures(SECONDS)


@pytest.fixture(scope="module")
def voice() -> list[Encoded]:
    return encode_voice(SECONDS)


def kiosk(pictures: list[Encoded], voice: list[Encoded], origin: float) -> dict[str, list[Packet]]:
    return {
        "kiosk.face": vp8_packets(pictures, origin=origin),
        "kiosk.microphone": opus_packets(voice, origin=origin),
    }


async def two_parts(take: Take, pictures: list[Encoded], voice: list[Encoded], gap: float = 2.5) -> list[Path]:
    """Record two parts with a gap between them; the second worker has another monotonic clock."""
    await take.record(kiosk(pictures, voice, take.origin), SECONDS)
    first = take.journal
    take.journal = first.with_name("call-2.journal")
    take.clock.advance(gap)
    take.origin = take.clock.monotonic()
    await take.record(kiosk(pictures, voice, take.origin), SECONDS)
    return [first, take.journal]


async def test_each_further_picture_is_a_file_of_its_own(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    o = take.origin
    packets = kiosk(pictures, voice, o)
    packets["kiosk.document"] = vp8_packets(encode_pictures(1.0, begin=1.0, size=(320, 240)), origin=o)
    packets["kiosk.screen"] = vp8_packets(encode_pictures(1.0, begin=2.0, rate=5), origin=o)
    packets["staff.screen"] = vp8_packets(encode_pictures(1.0, begin=3.0), origin=o)
    await take.record(packets, SECONDS)
    report = take.finish()
    assert sorted(report["sides"]) == ["kiosk", "kiosk.document", "kiosk.screen", "staff.screen"]
    assert report["unplayable"] == []
    for name, side in report["sides"].items():
        assert side["duration"] == pytest.approx(SECONDS, abs=0.1), name
    assert take.pictures("kiosk.document")[0][0] == pytest.approx(1.03, abs=0.01)
    manifest = read_manifest(take.out / MANIFEST, take.key)
    sources = {source["source"]: source for source in manifest["sources"]}
    assert sources["kiosk.document"]["file"] == "kiosk.document.webm.sealed"
    assert sources["kiosk.document"]["sizes"] == [{"at": pytest.approx(1.03, abs=0.01), "width": 320, "height": 240}]
    assert sources["kiosk.microphone"]["file"] == sources["kiosk.face"]["file"] == "kiosk.webm.sealed"
    (span,) = sources["kiosk.screen"]["spans"]
    assert (span["from"], span["to"]) == (pytest.approx(2.03, abs=0.01), pytest.approx(2.83, abs=0.02))


async def test_two_parts_are_one_recording_with_a_gap(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    journals = await two_parts(take, pictures, voice)
    report = take.finish_all(journals)
    assert report["ok"] and report["parts"] == 2 and not report["torn"] and not report["damaged"]
    assert report["duration"] == pytest.approx(2 * SECONDS + 2.5, abs=0.05)
    assert report["sides"]["kiosk"]["frames"] == 2 * len(pictures)
    times = np.array([t for t, _, _ in take.pictures("kiosk")])
    second = SECONDS + 2.5
    assert np.allclose(times[len(pictures) :] - second, times[: len(pictures)], atol=0.01)
    loud = take.loudness("kiosk") > 0.05
    assert loud[10:195].all() and not loud[210:320].any() and loud[335:520].all()
    manifest = read_manifest(take.out / MANIFEST, take.key)
    assert manifest["recording"] == "call"
    assert [(p["part"], p["journal"], p["from"], p["to"]) for p in manifest["parts"]] == [
        (1, "call.journal", 0.0, pytest.approx(SECONDS, abs=0.05)),
        (2, "call-2.journal", pytest.approx(second, abs=0.05), pytest.approx(second + SECONDS, abs=0.05)),
    ]
    assert {gap["source"]: gap["why"] for gap in manifest["gaps"]} == {
        "": "part",
        "kiosk.face": "part",
        "kiosk.microphone": "part",
    }
    assert {part["chain"]["holds"] for part in manifest["parts"]} == {True}


async def test_the_order_of_the_arguments_does_not_matter(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    first, second = await two_parts(take, pictures, voice)
    missing = first.with_name("call-3.journal")
    command = [str(second), str(missing), str(first)]
    code, report = run_finisher(Path(command[0]), Path(command[1]), take.key.hex(), command[2], str(take.out))
    assert code == 0 and report["parts"] == 2 and report["sides"]["kiosk"]["frames"] == 2 * len(pictures)
    assert first.exists() and second.exists()


async def test_a_part_that_cannot_be_read_costs_the_other_nothing(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    first, second = await two_parts(take, pictures, voice)
    second.write_bytes(b"noise" * 1000)
    report = take.finish_all([first, second], delete_journal=True)
    assert report["ok"] and report["damaged"] and report["sides"]["kiosk"]["frames"] == len(pictures)
    assert first.exists() and second.exists()
    manifest = read_manifest(take.out / MANIFEST, take.key)
    assert manifest["unread"] == [{"journal": "call-2.journal", "why": "journal_unreadable"}]
    second.write_bytes(b"VW")  # a crash before the header was whole
    report = take.finish_all([first, second], delete_journal=True)
    assert report["ok"] and not report["damaged"] and report["parts"] == 1
    assert not first.exists() and not second.exists()


async def test_clocks_that_disagree_never_lay_parts_over_each_other(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    journals = await two_parts(take, pictures, voice, gap=-1.0)
    report = take.finish_all(journals)
    assert report["duration"] == pytest.approx(2 * SECONDS, abs=0.05)
    assert report["sides"]["kiosk"]["frames"] == 2 * len(pictures)


async def test_nothing_of_a_pause_is_kept(take: Take, pictures: list[Encoded], voice: list[Encoded]) -> None:
    """Between the two words nothing is written, nor what was spoken in between and comes late."""
    recording = take.open()
    sinks = {"kiosk.face": recording.sink("kiosk.face", take.video)}
    sinks["kiosk.microphone"] = recording.sink("kiosk.microphone", OPUS)
    packets = kiosk(pictures, voice, take.origin)
    late = [p for p in packets["kiosk.microphone"] if 1.5 <= p.arrival - take.origin < 1.6]
    events = sorted([(p.arrival, s, p) for s, list_ in packets.items() for p in list_], key=lambda e: e[0])
    for arrival, source, packet in events:
        at = arrival - take.origin
        take.clock.advance(max(0.0, arrival - take.clock.monotonic()))
        if 1.0 <= at < 2.0:
            recording.pause()
        if at >= 2.0:
            recording.resume()
        sinks[source].write(packet)
        if at >= 2.6 and late:
            repair = late.pop()
            sinks["kiosk.microphone"].write(Packet(repair.seq, repair.timestamp, False, repair.payload, arrival, False))
    await recording.close()
    kept = [r.packet for r in JournalReader(take.journal, take.key).records() if isinstance(r, TrackPacket)]
    spoken = [p.timestamp / 48_000 for p in kept if len(p.payload) and p.seq >= 5000]
    assert not [at for at in spoken if 1.0 <= at < 2.2]
    report = take.finish()
    manifest = read_manifest(take.out / MANIFEST, take.key)
    (pause,) = manifest["pauses"]
    assert pause["from"] == pytest.approx(1.0, abs=0.05) and pause["to"] == pytest.approx(2.0, abs=0.05)
    assert report["duration"] == pytest.approx(SECONDS, abs=0.1)
    loud = take.loudness("kiosk") > 0.05
    assert loud[10:48].all() and not loud[55:112].any() and loud[125:195].all()
    times = np.array([t for t, _, _ in take.pictures("kiosk")])
    assert not ((times > 1.05) & (times < 2.3)).any()
    assert times[times > 2.3][0] == pytest.approx(3.03, abs=0.05)  # the next keyframe


async def test_the_manifest_names_the_files_as_they_are(
    take: Take, pictures: list[Encoded], voice: list[Encoded]
) -> None:
    await take.record(kiosk(pictures, voice, take.origin), SECONDS)
    report = take.finish()
    manifest: dict[str, Any] = read_manifest(take.out / MANIFEST, take.key)
    (entry,) = manifest["files"]
    assert entry["digest"] == file_digest(take.out / "kiosk.webm.sealed", DEFAULT)
    assert report["manifest"]["digest"] == file_digest(take.out / MANIFEST, DEFAULT)
    assert manifest["anchors"][0]["at"] == 0.0 and len(manifest["anchors"]) >= 2
    assert b"kiosk" not in (take.out / MANIFEST).read_bytes()
    assert json.dumps(manifest)
