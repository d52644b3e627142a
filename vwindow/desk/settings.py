"""What the desk is told at its start."""

from dataclasses import dataclass

from vwindow.calls.facts import CallRules


@dataclass(frozen=True, slots=True)
class DeskSettings(CallRules):
    """Policy and times of all calls, and the desk's own bounds; seconds."""

    relay_only: bool = False
    """Media go through a TURN server even where they need not."""
    mailbox_size: int = 4096
    """Events that wait to be applied; what people send beyond three quarters is refused, the rest comes again."""
    offers_at_once: int = 4
    """Media offers of one connection that may be with the worker; more are refused."""
    offer_seconds: float = 10.0
    """Until an offer that got no answer is refused."""
    write_pauses: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0)
    """Pauses between the first tries of a write to the ledger."""
    longest_pause: float = 15.0
    """Between later tries: what people were told is noted is tried until it is."""
    ledger_seconds: float = 30.0
    """How long a recording waits for the row of its call."""
    drain_seconds: float = 25.0
    """How long a stop waits for recordings and writes to finish."""
