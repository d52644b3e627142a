"""`scripts/bench media`: what a forwarded packet costs and how late it is, against Janus where it is installed.

The generator does real ICE checks, DTLS and SRTP but no codecs. Each run has fresh servers; ours and Janus alternate.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.endpoint import PROFILES
from tests.bench.servers import TOKEN, JanusServer, Ours, Process, janus_path
from tests.stack import ROOT
from vwindow.addresses import primary_address

WARM_SECONDS = 3.0
LATE_MILLISECONDS = 50.0
"""When the generator itself was behind by more, a run says nothing of the server and is made again."""
AGAIN = 3


@dataclass(frozen=True)
class Case:
    """One thing to measure."""

    calls: int
    record: bool
    loss: float = 0.0

    def __str__(self) -> str:
        lossy = f", {self.loss:.0%} loss each way" if self.loss else ""
        return f"{self.calls} calls, {'recorded' if self.record else 'not recorded'}{lossy}"


@dataclass(frozen=True)
class Figures:
    """What one run gave."""

    packets: float
    """Forwarded per second."""
    micros: float
    """Processor time of the server's process tree for each, in microseconds."""
    p50: float
    p99: float
    lost: float
    memory: int
    generator: float
    """Share of a core."""
    others: float
    """What everything else on the machine used, in cores."""
    late: float
    load: float
    silent: int


@dataclass(frozen=True)
class Bench:
    """What all runs share."""

    given: argparse.Namespace
    host: str

    async def run(self, kind: type[Process], case: Case, seed: int) -> Figures:
        """Start a server, load it, measure it, stop it."""
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            server = kind(Path(folder), self.host, record=case.record)
            await server.start()
            try:
                return await self._loaded(server, case, seed)
            finally:
                await server.stop()

    async def _loaded(self, server: Process, case: Case, seed: int) -> Figures:
        given = self.given
        shares = [case.calls // given.generators] * given.generators
        for index in range(case.calls % given.generators):
            shares[index] += 1
        generators = []
        try:
            for index, share in enumerate(shares):
                task = {
                    "server": server.name, "base": server.base, "token": TOKEN, "record_dir": server.record_dir,
                    "host": self.host, "profile": given.profile, "two_way": given.ways == 2, "calls": share,
                    "first": sum(shares[:index]), "loss": case.loss, "bitrate": given.bitrate, "seed": seed + index,
                    "every": given.every,
                }  # fmt: skip
                generators.append(await _generator())
                _tell(generators[-1], json.dumps(task))
                if await _line(generators[-1]) != b"ready\n":
                    raise RuntimeError("a generator could not connect its calls")
            begin = time.monotonic() + WARM_SECONDS
            for process in generators:
                _tell(process, f"go {begin} {given.seconds}")
            await asyncio.sleep(begin - time.monotonic())
            cpu, busy = server.cpu(), _busy()
            await asyncio.sleep(begin + given.seconds - 0.05 - time.monotonic())
            seconds = time.monotonic() - begin
            cpu, busy, memory = server.cpu() - cpu, _busy() - busy, server.memory()
            load = os.getloadavg()[0]
            found = [json.loads(await _line(process)) for process in generators]
        finally:
            for process in generators:
                await _end(process)
        return _figures(found, given.seconds, seconds, cpu, busy, memory, load)


def _figures(
    found: list[dict[str, Any]], given: float, seconds: float, cpu: float, busy: float, memory: int, load: float
) -> Figures:
    delays = sorted(delay / 1e6 for each in found for delay in each["delays"])
    packets = sum(each["datagrams"] for each in found) / given
    expected = sum(each["expected"] for each in found)
    generator = sum(each["cpu"] for each in found)
    return Figures(
        packets=packets,
        micros=cpu / seconds / packets * 1e6,
        p50=delays[len(delays) // 2],
        p99=delays[int(len(delays) * 0.99)],
        lost=1 - sum(each["received"] for each in found) / expected,
        memory=memory,
        generator=generator,
        others=max(0.0, (busy - cpu) / seconds - generator),
        late=max(each["late"] for each in found) * 1e3,
        load=load,
        silent=sum(each["silent"] for each in found),
    )


def _busy() -> float:
    """Return the seconds that all cores have worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


async def _generator() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.generator", cwd=ROOT, limit=1 << 26,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def _tell(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), 120)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.close()
        await process.stdin.wait_closed()
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()


def row(name: str, found: Figures) -> str:
    """Return one run as a line."""
    silent = f"  {found.silent} STREAMS WITHOUT A PACKET" if found.silent else ""
    return (
        f"  {name:<6} {found.packets:7.0f} packets/s  {found.micros:6.1f} µs each  delay p50 {found.p50:6.2f} "
        f"p99 {found.p99:7.2f} ms  lost {found.lost:8.4%}  {found.memory / 1e6:6.1f} MB  "
        f"generator {found.generator:.2f} (late ≤ {found.late:.0f} ms)  others {found.others:.2f} cores  "
        f"load {found.load:.2f}{silent}"
    )


async def measure(given: argparse.Namespace) -> None:
    """Run all cases and print them."""
    host = given.host or primary_address() or "127.0.0.1"
    kinds: list[type[Process]] = [Ours]
    if given.only != "ours" and janus_path() is not None and not host.startswith("127."):
        kinds.append(JanusServer)
    elif given.only != "ours":
        print("Janus is not installed here, or there is no address besides the loopback: ours alone")
    if given.only == "janus":
        kinds.remove(Ours)
    bench = Bench(given, host)
    cases = [Case(calls, record) for calls in given.calls for record in given.record]
    cases += [Case(min(given.calls), record, given.loss) for record in given.record if given.loss]
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start; SRTP {given.profile} for both")
    print(f"each {'way of a call' if given.ways == 2 else 'call'}: VP8 {given.bitrate} bit/s at 30 frames/s, Opus 50/s")
    medians: dict[tuple[str, Case], Figures] = {}
    for case in cases:
        print(f"\n{case}")
        runs: dict[str, list[Figures]] = {}
        for repetition in range(given.runs):
            for kind in kinds:
                for attempt in range(AGAIN + 1):
                    found = await bench.run(kind, case, 1000 * repetition + attempt)
                    late = found.late > LATE_MILLISECONDS
                    print(row(kind.name, found) + ("  NOT COUNTED: generator behind" if late else ""), flush=True)
                    if not late:
                        runs.setdefault(kind.name, []).append(found)
                        break
        for name, several in runs.items():
            medians[name, case] = sorted(several, key=lambda each: each.micros)[len(several) // 2]
        _sum_up(runs)
    _memory(medians, given)


def _sum_up(runs: dict[str, list[Figures]]) -> None:
    if not runs:
        print("  no run counts: the machine is too busy")
        return
    middle = {name: statistics.median(each.micros for each in several) for name, several in runs.items()}
    late = {name: statistics.median(each.p99 for each in several) for name, several in runs.items()}
    words = "   ".join(
        f"{name} {middle[name]:.1f} µs, p99 {late[name]:.2f} ms ({len(runs[name])} runs)" for name in runs
    )
    ratio = f"   ours / Janus {middle['ours'] / middle['janus']:.2f}" if len(middle) == 2 else ""
    print(f"  median: {words}{ratio}")


def _memory(medians: dict[tuple[str, Case], Figures], given: argparse.Namespace) -> None:
    few, many = min(given.calls), max(given.calls)
    if few == many:
        return
    print(f"\nmemory for each call more, from {few} to {many} calls")
    for name, case in list(medians):
        if case.calls == few and not case.loss and (name, Case(many, case.record)) in medians:
            more = medians[name, Case(many, case.record)].memory - medians[name, case].memory
            words = "recorded" if case.record else "not recorded"
            print(f"  {name:<6} {more / (many - few) / 1e6:5.2f} MB  {words}")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="scripts/bench media")
    parser.add_argument("--calls", type=int, nargs="+", default=[20, 60])
    parser.add_argument("--ways", type=int, choices=(1, 2), default=2, help="1: only the kiosk sends")
    parser.add_argument("--record", type=lambda text: text == "yes", nargs="+", default=[False, True], metavar="yes|no")
    parser.add_argument("--loss", type=float, default=0.01, help="share lost on each leg in one more case; 0 for none")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--bitrate", type=int, default=1_500_000)
    parser.add_argument("--profile", choices=tuple(PROFILES), default="gcm128")
    parser.add_argument("--generators", type=int, default=1, help="processes")
    parser.add_argument("--every", type=int, default=4, help="of how many video packets one is decrypted for its delay")
    parser.add_argument("--only", choices=("ours", "janus"))
    parser.add_argument("--host", default="", help="address of this machine; Janus does not use the loopback")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
