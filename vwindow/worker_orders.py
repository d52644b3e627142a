"""What a person at the server's terminal may ask of the media workers, beside the server that runs them."""

from dataclasses import dataclass

from vwindow.config import Settings
from vwindow.errors import Refused, Unavailable
from vwindow.media_wires import Wires
from vwindow.sfu import control
from vwindow.tasks import TaskSet
from vwindow.worker_places import RemotePlace, SocketPlace, all_places


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker as it is now; `trouble` says why one does not run."""

    number: int
    place: str
    """Its process, or the address of one on another machine."""
    rooms: int = 0
    draining: bool = False
    trouble: str = ""

    @property
    def runs(self) -> bool:
        """Tell whether it takes orders."""
        return not self.trouble


async def look(settings: Settings) -> list[WorkerState]:
    """Return the workers that the settings name; raise ConfigError for certificates that cannot be used."""
    return [await _state(number, place) for number, place in enumerate(all_places(settings), 1)]


async def drain(settings: Settings, number: int) -> None:
    """Let a worker take no new rooms and leave when its last call ends; the server, or what watches over the programs
    of the other machine, then starts it anew.

    Raises Refused for a number that is none of ours, and for the only worker that takes rooms: nobody could take a
    new call; Unavailable for one that does not run.
    """
    states = {state.number: state for state in await look(settings)}
    if number not in states:
        raise Refused("worker_unknown", f"there are {len(states)}", status=404)
    if not any(state.runs and not state.draining for state in states.values() if state.number != number):
        raise Refused("only_worker", "no other media worker could take new calls; raise media_workers")
    await _ask(all_places(settings)[number - 1], control.Drain())


async def _state(number: int, place: SocketPlace | RemotePlace) -> WorkerState:
    shown = str(place) if isinstance(place, RemotePlace) else "this machine"
    try:
        pid, reply = await _ask(place, control.AskStats())
    except Unavailable as error:
        trouble = f"cannot be reached ({error})" if isinstance(place, RemotePlace) else "does not run"
        return WorkerState(number, shown, trouble=trouble)
    rooms, draining = int(reply.stats.get("rooms", 0)), bool(reply.stats.get("draining", 0))
    return WorkerState(number, f"pid {pid}" if pid else shown, rooms, draining)


async def _ask(place: SocketPlace | RemotePlace, order: control.Order) -> tuple[int, control.Reply]:
    tasks = TaskSet("worker-order", limit=1)
    wires: Wires | None = None
    try:
        wires = await place.connect()
        pid = wires.peer if isinstance(place, SocketPlace) else 0
        wires.read(tasks, lambda message: None)
        return pid, await wires.ask(order)
    except OSError as error:
        raise Unavailable("worker_lost", str(error) or "no answer") from error
    except Unavailable as error:
        raise Unavailable(error.code, wires.broke if wires is not None and wires.broke else str(error)) from error
    finally:
        if wires is not None:
            await wires.close()
        await tasks.close()
