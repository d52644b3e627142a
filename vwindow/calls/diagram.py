"""The picture of TRANSITIONS, generated: `python -m vwindow.calls.diagram` prints the block of the docs."""

import sys

from vwindow.calls.call import TRANSITIONS, Phase

BEGIN = "<!-- states:begin -->"
END = "<!-- states:end -->"


def mermaid() -> str:
    """Return the state diagram as Mermaid text; events that keep the phase are listed in a note."""
    lines = ["stateDiagram-v2", "    [*] --> waiting: CallAsked"]
    for phase, row in TRANSITIONS.items():
        edges: dict[Phase, list[str]] = {}
        for event, after in row.items():
            edges.setdefault(after, []).append(event.__name__)
        for after, names in edges.items():
            if after is not phase:
                lines.extend(f"    {phase} --> {after}: {name}" for name in names)
        kept = edges.get(phase, [])
        if kept:
            lines.append(f"    note right of {phase}: keeps its phase at {', '.join(kept)}")
    lines.append("    ended --> [*]")
    return "\n".join(lines)


def block() -> str:
    """Return the marked block as it stands in docs/call-states.md."""
    return f"{BEGIN}\n```mermaid\n{mermaid()}\n```\n{END}"


if __name__ == "__main__":
    sys.stdout.write(block() + "\n")
