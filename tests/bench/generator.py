"""A process of the load generator: connect N two-way calls, say "ready", run the load at "go", print what came.

Reads its task as a JSON line, then `go <monotonic begin> <seconds>`, then waits for the end of its input.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

from aiortc import RTCCertificate

from tests.bench.endpoint import Endpoint
from tests.bench.load import Load, Receiver, Sender
from tests.bench.signalling import Janus, Signalling, Whip

SIDES = ("kiosk", "staff")
AT_ONCE = 4


class Calls:
    """All ends of this process."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._certificate = RTCCertificate.generateCertificate()
        self._rng = random.Random(task["seed"])
        self.senders: list[Sender] = []
        self.receivers: list[Receiver] = []

    async def connect(self, signalling: Signalling) -> None:
        """Bring up all calls, a few at a time."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(call: int) -> None:
            async with gate:
                await self._call(signalling, call)

        first = self._task["first"]
        await asyncio.gather(*(one(call) for call in range(first, first + self._task["calls"])))

    async def _call(self, signalling: Signalling, call: int) -> None:
        task, rng = self._task, self._rng
        sides = SIDES if task["two_way"] else SIDES[:1]
        await signalling.open(call)
        for side in sides:
            endpoint = self._endpoint(sends=True)
            await signalling.publish(call, side, endpoint)
            self.senders.append(Sender(endpoint, task["bitrate"], task["loss"], side == "staff", rng))
        for side in sides:
            endpoint = self._endpoint(sends=False)
            await signalling.play(call, side, endpoint)
            self.receivers.append(Receiver(endpoint, task["loss"], task["every"], rng))

    def _endpoint(self, *, sends: bool) -> Endpoint:
        return Endpoint(self._task["host"], self._certificate, self._task["profile"], sends=sends)

    def found(self, load: Load, cpu: float) -> dict[str, Any]:
        """Return what was measured."""
        counts = [counts for receiver in self.receivers for counts in (receiver.video, receiver.audio)]
        return {
            "sent": sum(sender.sent for sender in self.senders),
            "resent": sum(sender.resent for sender in self.senders),
            "datagrams": sum(receiver.datagrams for receiver in self.receivers),
            "expected": sum(each.highest - each.first for each in counts if each.highest >= 0),
            "received": sum(each.received for each in counts),
            "silent": sum(each.highest < 0 for each in counts),
            "delays": [delay for receiver in self.receivers for delay in receiver.delays],
            "late": load.late,
            "cpu": cpu,
        }

    async def close(self) -> None:
        """Leave."""
        for owner in (*self.senders, *self.receivers):
            await owner.endpoint.close()


async def run(task: dict[str, Any]) -> None:
    """Do one task."""
    signalling: Signalling
    if task["server"] == "janus":
        signalling = Janus(task["base"], task["record_dir"])
    else:
        signalling = Whip(task["base"], task["token"])
    calls = Calls(task)
    await calls.connect(signalling)
    print("ready", flush=True)
    _, begin, seconds = sys.stdin.readline().split()
    load = Load(calls.senders, calls.receivers, random.Random(task["seed"]))
    before = time.process_time()
    started = time.monotonic()
    load.run(float(begin), float(begin) + float(seconds))
    cpu = (time.process_time() - before) / (time.monotonic() - started)
    print(json.dumps(calls.found(load, cpu)), flush=True)
    sys.stdin.readline()
    await calls.close()
    await signalling.close()


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.stdin.readline())))
