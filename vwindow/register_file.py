"""The register of a real start, as one JSON file: centres, windows, kiosks."""

from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vwindow.config import ConfigError
from vwindow.errors import Refused
from vwindow.ids import CentreId, KioskId, WindowId
from vwindow.store.kiosks import Kiosks
from vwindow.store.places import CentreFacts, Places, WindowFacts

MAX_FILE_BYTES = 4 * 1024 * 1024
SHOWN = 64
"""Longest name and opening hours: what fits the pages and the words between them."""
ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=200)


class CentreRow(_Row):
    centre: str = Field(pattern=ID)
    name: str = Field(min_length=1, max_length=SHOWN)
    city: str
    level: Literal["province", "city", "county", "town"] = "city"
    area: str = ""
    address: str = ""
    hours: str = Field(default="", max_length=SHOWN)
    phone: str = ""


class WindowRow(_Row):
    window: str = Field(pattern=ID)
    centre: str
    kind: Literal["offline", "virtual"]
    name: str = Field(min_length=1, max_length=SHOWN)
    address: str = ""
    hours: str = Field(default="", max_length=SHOWN)
    phone: str = ""


class KioskRow(_Row):
    kiosk: str = Field(pattern=ID)
    window: str


class RegisterFile(_Row):
    """What the file may hold; rows that are there already are changed, kiosks only added."""

    centres: list[CentreRow] = Field(default=[], max_length=1000)
    windows: list[WindowRow] = Field(default=[], max_length=5000)
    kiosks: list[KioskRow] = Field(default=[], max_length=20_000)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read and check a file; raise ConfigError with the row and field that is wrong."""
        try:
            if file.stat().st_size > MAX_FILE_BYTES:
                raise ConfigError(f"{file} is larger than 4 MiB")
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise ConfigError(f"cannot read {file}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "file"
            raise ConfigError(f"{file}: {where}: {first['msg']}") from error

    async def save(self, places: Places, kiosks: Kiosks, now: datetime) -> dict[str, int]:
        """Write the rows; raise Refused with the code of the first that cannot be."""
        for centre in self.centres:
            await places.save_centre(CentreFacts(**{**centre.model_dump(), "centre": CentreId(centre.centre)}))
        for window in self.windows:
            ids = {"window": WindowId(window.window), "centre": CentreId(window.centre)}
            await places.save_window(WindowFacts(**{**window.model_dump(), **ids}))
        added = 0
        for row in self.kiosks:
            try:
                await kiosks.create(WindowId(row.window), now, kiosk=KioskId(row.kiosk))
                added += 1
            except Refused as error:
                if error.code != "kiosk_taken":
                    raise
        return {"centres": len(self.centres), "windows": len(self.windows), "new kiosks": added}
