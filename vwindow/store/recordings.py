"""Recordings: opened with a wrapped key, closed, finished into one playable file per side."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import update
from sqlmodel import Session, col, select

from vwindow.desk.ports import RecordingOrder
from vwindow.errors import Refused
from vwindow.ids import CallId, CentreId, RecordingId
from vwindow.keys import KEY_BYTES, KeyRing
from vwindow.store.call_tables import Recording
from vwindow.store.database import Database

MANIFEST = "manifest.json.sealed"


class Track(BaseModel):
    """A track of a finished file: audio or video, and the source it came from."""

    model_config = ConfigDict(frozen=True)

    kind: str
    source: str


class SideFile(BaseModel):
    """A sealed playable file; `file` is its name beside the journal."""

    model_config = ConfigDict(frozen=True)

    file: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    bytes: int = Field(ge=0)
    tracks: tuple[Track, ...] = ()


class Manifest(BaseModel):
    """The sealed manifest; `digest` is the hash of its file in hex."""

    model_config = ConfigDict(frozen=True)

    digest: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class Finished(BaseModel):
    """The finisher's word; `duration` in seconds."""

    model_config = ConfigDict(frozen=True)

    duration: float = Field(ge=0)
    manifest: Manifest = Manifest()
    sides: dict[str, SideFile] = Field(max_length=16)


class Recordings:
    """Keep where recordings are, in which state, and their wrapped data keys.

    States: writing → finishing → ready or failed.
    """

    def __init__(self, database: Database, keys: KeyRing, directory: Path) -> None:
        self._database = database
        self._keys = keys
        self._directory = directory

    async def open(self, call: CallId, centre: CentreId, at: datetime, part: int = 1) -> RecordingOrder:
        """Make the row and the folder of a call's recording; the same order for the same call and part."""
        recording = f"r-{secrets.token_hex(8)}"
        # A folder of its own: the finisher names its files by side only.
        path = PurePosixPath(f"{at:%Y}", f"{at:%m}", recording, f"{recording}.journal")
        key = secrets.token_bytes(KEY_BYTES)
        fresh = Recording(
            id=recording,
            call=call,
            centre=centre,
            path=str(path),
            wrapped_key=self._keys.wrap(recording, key),
            parts=part,
            state="writing",
            opened_at=at,
        )

        def work(session: Session) -> Recording:
            known = session.exec(select(Recording).where(Recording.call == call)).first()
            if known is not None:
                if known.parts < part:
                    known.parts = part
                    session.add(known)
                return known
            session.add(fresh)
            return fresh

        row = await self._database.write(work)
        place = self._directory / part_path(row.path, part)
        await self._database.compute(lambda: place.parent.mkdir(mode=0o700, parents=True, exist_ok=True))
        return RecordingOrder(
            recording=RecordingId(row.id),
            path=str(place.absolute()),
            key_hex=self._keys.unwrap(row.id, row.wrapped_key).hex(),
        )

    async def close(self, recording: RecordingId, at: datetime) -> None:
        """Mark a journal as whole; raise Refused("unknown_recording")."""

        def work(session: Session) -> None:
            row = _row(session, recording)
            if row.state == "writing":
                row.state = "finishing"
                row.closed_at = at
                session.add(row)

        await self._database.write(work)

    async def close_left_open(self, at: datetime, kept: Collection[CallId] = ()) -> Sequence[RecordingId]:
        """Mark all journals as whole that a crash left in writing, but those of calls that go on.

        Call it when no other room writes any more.
        """

        def work(session: Session) -> list[RecordingId]:
            closed = session.execute(
                update(Recording)
                .where(col(Recording.state) == "writing", col(Recording.call).not_in(kept))
                .values(state="finishing", closed_at=at)
                .returning(col(Recording.id))
            )
            return [RecordingId(row[0]) for row in closed]

        return await self._database.write(work)

    async def journals_to_finish(self) -> list[RecordingId]:
        """Return recordings with a whole journal and no playable files, oldest first."""

        def work(session: Session) -> list[RecordingId]:
            rows = session.exec(
                select(Recording.id).where(Recording.state == "finishing").order_by(col(Recording.opened_at))
            )
            return [RecordingId(row) for row in rows]

        return await self._database.read(work)

    async def journals(self, recording: RecordingId) -> list[Path]:
        """Return where the journals are, oldest first; raise Refused("unknown_recording").

        Of later parts only those that were begun; the first one is named in any case.
        """
        row = await self._database.read(lambda session: _row(session, recording))
        paths = [(self._directory / part_path(row.path, part)).absolute() for part in range(1, row.parts + 1)]
        return [path for path in paths if path.exists()] or paths[:1]

    async def recording_key(self, recording: RecordingId) -> bytes:
        """Return the 32-byte data key; raise Refused("unknown_recording")."""
        row = await self._database.read(lambda session: _row(session, recording))
        return self._keys.unwrap(row.id, row.wrapped_key)

    async def digest(self, recording: RecordingId) -> str:
        """Return the hash of the manifest, "" before it was made; raise Refused("unknown_recording")."""
        return (await self._database.read(lambda session: _row(session, recording))).digest

    async def recording_finished(self, recording: RecordingId, result: Mapping[str, Any]) -> None:
        """Keep what the finisher made: {"duration": seconds, "sides": {"kiosk": SideFile fields, …}}.

        Raises Refused("unknown_recording"), pydantic.ValidationError for a result of another form.
        """
        files = Finished.model_validate(result)

        def work(session: Session) -> None:
            row = _row(session, recording)
            row.state = "ready"
            row.duration = files.duration
            row.bytes_total = sum(file.bytes for file in files.sides.values())
            row.sides = {side: file.model_dump(mode="json") for side, file in files.sides.items()}
            row.digest = files.manifest.digest
            row.failure = ""
            session.add(row)

        await self._database.write(work)

    async def manifest(self, recording: RecordingId) -> tuple[Path, bytes]:
        """Return the sealed manifest and its key; raise Refused("unknown_recording")."""
        row = await self._database.read(lambda session: _row(session, recording))
        return (self._directory / row.path).parent / MANIFEST, self._keys.unwrap(row.id, row.wrapped_key)

    async def recording_failed(self, recording: RecordingId, code: str) -> None:
        """Note that no playable file could be made; the journal stays."""

        def work(session: Session) -> None:
            row = _row(session, recording)
            row.state = "failed"
            row.failure = code
            session.add(row)

        await self._database.write(work)

    async def side(self, recording: RecordingId, side: str) -> tuple[Path, bytes]:
        """Return a side's sealed file and its key; raise Refused("unknown_recording" | "recording_not_ready")."""
        row = await self._database.read(lambda session: _row(session, recording))
        if row.state != "ready" or side not in row.sides:
            raise Refused("recording_not_ready", status=409, retryable=row.state in ("writing", "finishing"))
        file = SideFile.model_validate(row.sides[side])
        return (self._directory / row.path).parent / file.file, self._keys.unwrap(row.id, row.wrapped_key)


def part_path(path: str, part: int) -> str:
    """Return the path of a part's journal: `r-1.journal`, then `r-1-2.journal`, …"""
    first = PurePosixPath(path)
    return path if part == 1 else str(first.with_name(f"{first.stem}-{part}{first.suffix}"))


def _row(session: Session, recording: RecordingId) -> Recording:
    row = session.get(Recording, recording)
    if row is None:
        raise Refused("unknown_recording", status=404)
    return row
