"""What a player needs of a recording's manifest: which sources there are, and which stretches were not kept."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vwindow.errors import VWindowError
from vwindow.ids import RecordingId
from vwindow.web.parts import WebParts

log = logging.getLogger(__name__)

MAX_BYTES = 8 * 1024 * 1024
MAX_MARKS = 200
"""Stretches that a player is told of; what goes beyond is in the manifest all the same."""


class Stretch(BaseModel):
    """Seconds of the recording."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    begins: float = Field(alias="from", ge=0)
    ends: float = Field(alias="to", ge=0)


class Gap(Stretch):
    """Nothing was kept of a source, "" for all of them."""

    source: str
    why: str


class Manifest(BaseModel):
    """The part of a manifest that is shown; the whole of it is for `vwindow recording verify`."""

    model_config = ConfigDict(frozen=True)

    parts: tuple[Stretch, ...] = ()
    pauses: tuple[Stretch, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        lists = {"parts": self.parts, "pauses": self.pauses, "gaps": self.gaps}
        return {
            name: [entry.model_dump(mode="json", by_alias=True) for entry in entries[:MAX_MARKS]]
            for name, entries in lists.items()
        }


async def manifest_of(parts: WebParts, recording: RecordingId) -> Manifest:
    """Return a recording's manifest; an empty one when it cannot be read: the files play without it."""
    try:
        path, key = await parts.recordings.manifest(recording)
        return Manifest.model_validate(await asyncio.to_thread(_read, parts, path, key))
    except (OSError, ValueError, ValidationError, VWindowError) as error:
        log.warning("recording %s: no manifest: %s", recording, type(error).__name__)
        return Manifest()


def _read(parts: WebParts, path: Path, key: bytes) -> Any:
    media = parts.open_media(path, key)
    try:
        return json.loads(media.read(0, MAX_BYTES))
    finally:
        media.close()
