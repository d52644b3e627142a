"""How a device is, in the same words for every kind."""

from dataclasses import dataclass
from typing import Literal

State = Literal["starting", "ready", "unavailable", "absent"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a device is: `code` names the fault, `identity` the device, `hint` what a technician can do."""

    state: State
    identity: str = ""
    code: str = ""
    hint: str = ""
