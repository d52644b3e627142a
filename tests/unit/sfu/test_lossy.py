"""A call over a bad network: repaired on both legs, and one number never stands for two packets."""

import random

import pytest

from tests.fakes.floor import DELTA, KEY, Floor, bare, is_media
from vwindow.rtp import rtcp

FACE = 1000
PACKETS = 1500


@pytest.mark.parametrize("seed", range(6))
async def test_loss_on_both_legs_is_repaired(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    floor = Floor()
    agent, console = floor.guest("agent", 1), floor.guest("console", 2)
    await agent.connect()
    await console.connect()
    first = rng.randrange(65536)

    def content(step: int) -> bytes:
        return (KEY if step == 0 else DELTA) + step.to_bytes(4, "big")

    got: dict[int, bytes] = {}
    protected: dict[tuple[int, int], bytes] = {}
    slot = console.ssrcs[4]
    heard = 0
    arrived: set[int] = set()

    def deliver() -> None:
        """Let the agent hear NACKs and the console get packets, both with loss."""
        nonlocal heard
        sent, heard = floor.port.sent[heard:], len(floor.port.sent)
        for data, address in sent:
            if rng.random() < 0.1:
                continue
            if address == agent.address and 192 <= data[1] <= 223:
                for report in rtcp.parse(data[:-4]):
                    if isinstance(report, rtcp.Nack):
                        for seq in report.numbers:
                            give((seq - first) & 0xFFFF)
            elif address == console.address and is_media(data):
                packet = bare(data)
                ssrc, number = int.from_bytes(packet[8:12], "big"), int.from_bytes(packet[2:4], "big")
                assert protected.setdefault((ssrc, number), data) == data, "two packets with one number"
                if ssrc == slot:
                    got[number] = packet[12:]
                else:
                    assert ssrc == console.repairs[4]
                    assert packet[1] & 127 == 97
                    got[int.from_bytes(packet[12:14], "big")] = packet[14:]

    def give(step: int) -> None:
        # SRTP drops a packet that comes twice; the fake keys do not.
        if rng.random() > 0.1 and step not in arrived:
            arrived.add(step)
            agent.rtp(FACE, (first + step) & 0xFFFF, content(step))

    arrived.add(0)
    agent.rtp(FACE, first, content(0))
    zero = int.from_bytes(console.media()[0][2:4], "big")
    for step in range(1, PACKETS):
        give(step)
        floor.clock.advance(0.005)
        deliver()
        if step % 20 == 0:
            floor.run(0.1)
            missing = [n for n in range(step - 150, step) if n >= 0 and (zero + n) & 0xFFFF not in got]
            console.feedback(rtcp.nack(99, slot, [0x10000 + zero + n for n in missing]))
            deliver()
    whole = {(zero + step) & 0xFFFF: content(step) for step in range(PACKETS - 200)}
    lost = [number for number in whole if number not in got]
    assert len(lost) <= 3
    for number in whole:
        if number in got:
            assert got[number] == whole[number]
    await floor.room.close()


async def test_a_packet_that_is_given_up_is_followed_by_a_keyframe() -> None:
    """A viewer cannot decode past the hole, and some wait for seconds until they say so."""
    floor = Floor()
    agent, console = floor.guest("agent", 1), floor.guest("console", 2)
    await agent.connect()
    await console.connect()
    for step in range(100):
        if step != 30:
            agent.rtp(FACE, step, KEY if step == 0 else DELTA)
        if step == 40:
            assert not [each for each in agent.reports() if isinstance(each, rtcp.KeyframeRequest)]
        floor.clock.advance(0.02)
    assert [each for each in agent.reports() if isinstance(each, rtcp.KeyframeRequest)]
    await floor.room.close()
