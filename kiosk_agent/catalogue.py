"""The server's catalogue, kept on disk so that the page can show it without the server."""

import asyncio
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from kiosk_agent.enrolment import Enrolment, private_write
from kiosk_agent.server_http import (
    MAX_BODY,
    UNREACHABLE_ERRORS,
    ServerError,
    error_of,
    open_session,
    read_bounded,
)

log = logging.getLogger(__name__)

FILE = "catalogue.json"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The catalogue as it came: its ETag and its JSON."""

    etag: str
    body: bytes


class Catalogue:
    """One bundle in memory and on disk; a new one replaces both."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self.bundle = self._load()

    async def refresh(self, enrolment: Enrolment) -> None:
        """Ask the server for a newer one; what we have stays when there is none or no server."""
        headers = {"If-None-Match": self.bundle.etag} if self.bundle and self.bundle.etag else {}
        try:
            async with (
                open_session(enrolment.pin) as session,
                session.get(f"{enrolment.server}/api/catalogue", headers=headers, allow_redirects=False) as response,
            ):
                if response.status == 304:
                    return
                body = await read_bounded(response, MAX_BODY)
                if response.status != 200:
                    raise error_of(response.status, body)
                etag = response.headers.get("ETag", "")
        except (ServerError, *UNREACHABLE_ERRORS) as error:
            log.warning("no new catalogue: %s", error)
            return
        if not _is_catalogue(body):
            log.error("the server sent a catalogue that is none")
            return
        try:
            await asyncio.to_thread(private_write, self._path, etag.encode() + b"\n" + body)
        except OSError as error:
            log.error("the catalogue is not kept for a start without the server: %s", error)
        self.bundle = Bundle(etag, body)
        log.info("catalogue of %d KiB loaded", len(body) // 1024)

    def _load(self) -> Bundle | None:
        try:
            etag, _, body = self._path.read_bytes().partition(b"\n")
            if not _is_catalogue(body):
                raise ValueError("not a catalogue")
            return Bundle(etag.decode("ascii"), body)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("the catalogue on disk is not used: %s", error)
            return None


def _is_catalogue(body: bytes) -> bool:
    try:
        content = json.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and isinstance(content.get("version"), str) and "items" in content
