"""How much faster than real time a recording is finished: `python -m tests.bench.remux [--minutes 10]`.

Writes journals of one source (and of a whole call) with really encoded pictures and voices, 720p VP8 at about 1.5
Mbit/s and 30 pictures a second, Opus at 50 packets a second, then finishes each: two readings of the journal, the
remux, the manifest, and the proof that every file plays. Prints seconds of recording per second of the machine.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.fakes.encoded import Encoded, encode_pictures, encode_voice, opus_packets, vp8_packets
from vwindow.recording.block import BLOCK_BYTES, DATA, END, JournalHeader, seal_block
from vwindow.recording.chain import Chain
from vwindow.recording.finisher import finish
from vwindow.recording.record import End, Link, Track, pack_end, pack_link, pack_packet, pack_track
from vwindow.recording.seal import JOURNAL, SALT_BYTES
from vwindow.recording.suite import CIPHERS, DEFAULT, HASHES, Suite
from vwindow.sfu.ports import Format, Packet

LOOP_SECONDS = 10.0
VIDEO, AUDIO = Format("video", "vp8", 90_000), Format("audio", "opus", 48_000)
CALL = ("kiosk.face", "kiosk.microphone", "staff.face", "staff.microphone")


def looped(encoded: list[Encoded], seconds: float) -> Iterator[Encoded]:
    """Repeat what lasts LOOP_SECONDS; it begins with a keyframe, so the joints are clean."""
    for turn in range(int(seconds / LOOP_SECONDS)):
        for entry in encoded:
            yield replace(entry, seconds=entry.seconds + turn * LOOP_SECONDS)


def packets_of(sources: tuple[str, ...], seconds: float) -> list[tuple[int, Packet]]:
    """Return (track, packet) in the order of arrival."""
    pictures = encode_pictures(LOOP_SECONDS, size=(1280, 720), rate=30, key_every=LOOP_SECONDS, bit_rate=1_500_000)
    voice = encode_voice(LOOP_SECONDS)
    events: list[tuple[int, Packet]] = []
    for track, source in enumerate(sources, 1):
        if source.endswith("microphone"):
            events += [(track, packet) for packet in opus_packets(looped(voice, seconds), origin=1000.0)]
        else:
            events += [(track, packet) for packet in vp8_packets(looped(pictures, seconds), origin=1000.0)]
    return sorted(events, key=lambda event: event[1].arrival)


def write_journal(path: Path, key: bytes, sources: tuple[str, ...], seconds: float, suite: Suite) -> None:
    """Write a journal as a worker would, a block a second or fuller."""
    header = JournalHeader(os.urandom(SALT_BYTES), time.time(), 1000.0, suite)
    aead, sealed = suite.aead(key, header.salt, JOURNAL), header.pack(key)
    chain, counter = Chain(suite, sealed), 0
    with path.open("wb") as file:
        file.write(sealed)

        def block(kind: int, plain: bytes, now: float) -> None:
            nonlocal counter
            data = seal_block(aead, kind, counter, pack_link(Link(chain.head, now, time.time())) + plain)
            chain.add(data)
            file.write(data)
            counter += 1

        records = bytearray()
        for track, source in enumerate(sources, 1):
            records += pack_track(Track(track, source, AUDIO if source.endswith("microphone") else VIDEO))
        due = 1001.0
        for track, packet in packets_of(sources, seconds):
            records += pack_packet(track, packet)
            if len(records) >= BLOCK_BYTES or packet.arrival >= due:
                block(DATA, bytes(records), packet.arrival)
                records.clear()
                due = packet.arrival + 1.0
        block(DATA, bytes(records), 1000.0 + seconds)
        block(END, pack_end(End(1000.0 + seconds, 0, 0)), 1000.0 + seconds)


def measure(sources: tuple[str, ...], seconds: float, suite: Suite) -> None:
    """Finish one journal and print how fast."""
    key = os.urandom(32)
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "r.journal"
        write_journal(journal, key, sources, seconds, suite)
        size = journal.stat().st_size
        load = os.getloadavg()[0]
        began, cpu = time.perf_counter(), time.process_time()
        result = finish([journal], Path(folder) / "out", key)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert result["ok"] and not result["unplayable"] and not result["damaged"]
    print(
        f"{' + '.join(sources):<70} {suite.cipher:<12} {size / 1e6:7.1f} MB  {seconds / wall:6.0f} x real time "
        f"({seconds / cpu:.0f} x by processor time), load {load:.1f}"
    )


def main() -> None:
    """Measure one picture, one voice, and a whole call."""
    parser = argparse.ArgumentParser(prog="tests.bench.remux", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--national", action="store_true", help="SM4-GCM and SM3 instead of AES-256-GCM and SHA-256")
    given = parser.parse_args()
    suite = Suite(CIPHERS[1], HASHES[1]) if given.national else DEFAULT
    seconds = given.minutes * 60
    for sources in (("kiosk.face",), ("kiosk.microphone",), CALL):
        measure(sources, seconds, suite)


if __name__ == "__main__":
    main()
