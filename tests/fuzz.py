"""A long fuzzing run of the media worker, guided by coverage; see scripts/fuzz.

One input is a call's worth of datagrams: for each a byte that says who sends it, two bytes of length, and the bytes.
"""

import contextlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vwindow.sfu", "vwindow.rtp", "vwindow.ice", "vwindow.recording"]):
    from tests.fakes.glass_house import ADDRESSES, PARTS, STRANGERS, GlassHouse
    from tests.fakes.offers import offer
    from tests.fakes.raw_peer import binding_request
    from vwindow.errors import Refused
    from vwindow.recording import opus, vp8
    from vwindow.rtp import packet, rtcp
    from vwindow.sfu.sdp import read_offer


def datagrams(data: bytes) -> None:
    """Let one part and strangers send anything; nobody else may be harmed."""
    if not data:
        return
    sender = PARTS[data[0] % len(PARTS)]
    house, at = GlassHouse(), 1
    try:
        for _ in range(100):
            if at + 3 > len(data):
                break
            who, length = data[at], int.from_bytes(data[at + 1 : at + 3], "big") % 1500
            house.take(data[at + 3 : at + 3 + length], STRANGERS[who % 3] if who & 0x80 else ADDRESSES[sender])
            house.clock.advance(0.005 * (who & 7))
            at += 3 + length
        house.tick()
        house.check(without=sender)
    finally:
        house.close()


def parsers(data: bytes) -> None:
    """Give the parsers of payloads and offers anything."""
    vp8.parse_descriptor(data)
    opus.duration(data)
    with contextlib.suppress(Refused):
        read_offer(data.decode("utf-8", "replace"), "console")


def one(data: bytes) -> None:
    """Take one input."""
    if data[:1] == b"p":
        parsers(data[1:])
    else:
        datagrams(data)


def seed(corpus: Path) -> None:
    """Write inputs to begin with."""
    several = [
        packet.write(1000, 96, 1, 1, True, b"\x90\x80\x81picture"),
        packet.write(2000, 97, 1, 1, True, b"\0\1\x10\0repair"),
        packet.write(1000, 111, 1, 1, True, b"voice"),
        packet.write(1000, 63, 1, 1, True, b"\xef\0\0\5\x6fvoicevoice"),
        rtcp.sender_report(1000, 1 << 60, 5, 5, 5) + rtcp.source_names([(1000, "x")]),
        rtcp.receiver_report(7, ()) + rtcp.nack(7, 1000, [1, 2, 30]) + rtcp.picture_loss(7, 1000),
        rtcp.receiver_report(7, ()) + rtcp.remb(7, 500_000, [1000, 1001]),
        rtcp.receiver_report(7, ()) + b"\x8f\xcd\0\5" + bytes(8) + b"\0\1\0\3\0\0\1\0\x20\3\4\4\4\0\0\0",
        binding_request("ours:theirs", b"password"),
    ]
    whole = b"".join(b"\1" + len(each).to_bytes(2, "big") + each for each in several)
    for number in range(len(PARTS)):
        (corpus / f"part-{number}").write_bytes(bytes([number]) + whole)
    (corpus / "offer").write_bytes(b"p" + offer("console").encode())


if __name__ == "__main__":
    last = Path(sys.argv[-1])
    if last.is_dir() and not any(last.iterdir()):
        seed(last)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
