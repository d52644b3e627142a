"""What a person at the server's terminal may ask of the media workers, beside the server that runs them."""

from dataclasses import dataclass
from pathlib import Path

from vwindow.config import Settings
from vwindow.errors import Refused, Unavailable
from vwindow.media_pool import socket_path
from vwindow.media_wires import Wires
from vwindow.sfu import control
from vwindow.tasks import TaskSet


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker as it is now; `pid` 0 for one that does not run."""

    number: int
    pid: int = 0
    rooms: int = 0
    draining: bool = False


async def look(settings: Settings) -> list[WorkerState]:
    """Return the workers that the settings name."""
    states = []
    for number in range(1, settings.media_workers + 1):
        try:
            pid, reply = await _ask(socket_path(settings.data_dir, number), control.AskStats())
        except Unavailable:
            states.append(WorkerState(number))
        else:
            rooms, draining = int(reply.stats.get("rooms", 0)), bool(reply.stats.get("draining", 0))
            states.append(WorkerState(number, pid, rooms, draining))
    return states


async def drain(settings: Settings, number: int) -> None:
    """Let a worker take no new rooms and leave when its last call ends; the server then starts it anew.

    Raises Refused for a number that is none of ours, and for the only worker that takes rooms: nobody could take a
    new call; Unavailable for one that does not run.
    """
    states = {state.number: state for state in await look(settings)}
    if number not in states:
        raise Refused("worker_unknown", f"there are {settings.media_workers}", status=404)
    if not any(state.pid and not state.draining for state in states.values() if state.number != number):
        raise Refused("only_worker", "no other media worker could take new calls; raise media_workers")
    await _ask(socket_path(settings.data_dir, number), control.Drain())


async def _ask(path: Path, order: control.Order) -> tuple[int, control.Reply]:
    tasks = TaskSet("worker-order", limit=1)
    try:
        wires = await Wires.connect(path)
    except OSError as error:
        raise Unavailable("worker_lost", str(error)) from error
    try:
        wires.read(tasks, lambda message: None)
        return wires.peer, await wires.ask(order)
    finally:
        await wires.close()
        await tasks.close()
