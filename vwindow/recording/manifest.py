"""The manifest of a finished recording: what there is, when it was on the wall clock, and the hashes of all of it.

Seconds count from the start of the recording and are the same in all its files. Sealed like them, with the same key.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vwindow.errors import VWindowError
from vwindow.recording.remux import Made
from vwindow.recording.sealed import SealedReader, SealedWriter
from vwindow.recording.source import SourceFacts, Span, holes
from vwindow.recording.suite import Suite
from vwindow.recording.timeline import Part, Timeline

FORMAT = 1
MANIFEST = "manifest.json.sealed"
_MAX_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


class NoManifest(VWindowError):
    """Say that a sealed file holds no manifest."""

    def __init__(self) -> None:
        super().__init__("manifest_unreadable")


def file_digest(path: Path, suite: Suite) -> str:
    """Return the hash of a file as it is on disk, sealed; raises OSError."""
    hasher = suite.hasher()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            hasher.update(piece)
    return hasher.digest().hex()


def describe(line: Timeline, made: list[Made], durations: Mapping[str, float]) -> dict[str, Any]:
    """Return the manifest of files that are still under their temporary names; raises OSError."""
    return {
        "format": FORMAT,
        "recording": line.parts[0].path.stem if line.parts else "",
        "started": _wall(line.started_wall),
        "ended": _wall(line.started_wall + line.duration),
        "duration": _seconds(line.duration),
        "cipher": line.suite.cipher,
        "hash": line.suite.hash,
        "anchors": [{"at": at, "wall": wall} for part in line.parts for at, wall in _anchors(part)],
        "parts": [_part(number, part) for number, part in enumerate(line.parts, 1)],
        "unread": [{"journal": path.name, "why": why} for path, why in line.unread],
        "pauses": [_span(pause) for pause in line.pauses],
        "gaps": list(_gaps(line)),
        "sources": [_source(facts, made) for _, facts in sorted(line.sources.items())],
        "files": [
            {
                "file": file.plan.file_name,
                "duration": _seconds(durations[file.plan.name]),
                "bytes": file.bytes,
                "digest": file_digest(file.part, line.suite),
                "tracks": [{"kind": kind, "source": source} for kind, source in file.plan.tracks],
                "frames": file.frames,
                "lost_frames": file.lost_frames,
            }
            for file in made
        ],
    }


def write_manifest(path: Path, manifest: Mapping[str, Any], key: bytes, suite: Suite) -> int:
    """Seal a manifest into a file; return its plain bytes. Raises OSError."""
    with SealedWriter(path, key, suite) as output:
        output.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        return output.finish()


def read_manifest(path: Path, key: bytes) -> dict[str, Any]:
    """Open a manifest; raises OSError, SealBroken, NoManifest."""
    with SealedReader(path, key) as reader:
        try:
            found = json.loads(reader.read(0, _MAX_BYTES))
        except ValueError:
            raise NoManifest from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NoManifest
    return found


def _part(number: int, part: Part) -> dict[str, Any]:
    reader, seen = part.reader, part.survey
    return {
        "part": number,
        "journal": part.path.name,
        "from": _seconds(part.offset),
        "to": _seconds(part.end),
        "started": _wall(seen.started_wall),
        "torn": seen.torn,
        "damaged": seen.damaged,
        "blocks": reader.blocks_read,
        "chain": {"head": reader.head.hex(), "holds": reader.chain_holds, "ended": not seen.torn},
        "dropped_video": seen.dropped_video,
        "dropped_audio": seen.dropped_audio,
    }


def _anchors(part: Part) -> Iterator[tuple[float, float]]:
    yield _seconds(part.offset), round(part.survey.started_wall, 3)
    for link in part.reader.links:
        yield _seconds(part.offset + link.monotonic - part.survey.started), round(link.wall, 3)


def _gaps(line: Timeline) -> Iterator[dict[str, Any]]:
    between = holes([(part.offset, part.end) for part in line.parts])
    for gap in between:
        yield {"source": "", **_span(gap), "why": "part"}
    for _, facts in sorted(line.sources.items()):
        for gap in holes(facts.spans):
            why = "missing"
            if any(_within(hole, gap) for hole in between):
                why = "part"
            elif any(_within(pause, gap) for pause in line.pauses):
                why = "pause"
            yield {"source": facts.source, **_span(gap), "why": why}


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] + 0.5 and inner[1] <= outer[1] + 0.5


def _source(facts: SourceFacts, made: list[Made]) -> dict[str, Any]:
    holding = [file for file in made if facts.name in (file.plan.picture, file.plan.voice)]
    return {
        "source": facts.source,
        "kind": facts.kind,
        "codec": facts.codec,
        "file": holding[0].plan.file_name if holding else None,
        "packets": facts.packets,
        "spans": [_span(span) for span in facts.spans],
        "sizes": [{"at": _seconds(at), "width": width, "height": height} for at, width, height in facts.sizes],
    }


def _span(span: Span) -> dict[str, float]:
    return {"from": _seconds(span[0]), "to": _seconds(span[1])}


def _seconds(value: float) -> float:
    return round(value, 3)


def _wall(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
