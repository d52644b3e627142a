"""What requests may carry: closed models, bounded strings."""

import asyncio
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vwindow.errors import Refused

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class Body(BaseModel):
    """Base of all bodies: frozen, closed to unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


B = TypeVar("B", bound=Body)


class SignIn(Body):
    """An account's name and its password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class Enrol(Body):
    """A one-time code and the kiosk's new Ed25519 public key in hex."""

    code: str = Field(min_length=1, max_length=128)
    public_key: str = Field(pattern=r"^[0-9a-fA-F]{64}$")


class Challenge(Body):
    """The kiosk that wants to link."""

    kiosk: Id


class NewKiosk(Body):
    """The virtual window that gets a kiosk."""

    window: Id


class Nothing(Body):
    """No content."""


async def read_body(request: web.Request, model: type[B]) -> B:
    """Parse a JSON body; raise Refused("not_json" | "bad_body" | "too_slow"), HTTPRequestEntityTooLarge above 64 KiB.

    The content type is demanded because a foreign page can post a form without asking, but not JSON.
    """
    if request.content_type != "application/json":
        raise Refused("not_json", status=415)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await request.read()
    except TimeoutError as error:
        raise Refused("too_slow", status=408, retryable=True) from error
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise Refused("bad_body") from error


def number_of(request: web.Request, name: str, default: int, limit: int) -> int:
    """Return a query's number from 1 to limit; raise Refused("bad_query")."""
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= limit:
        raise Refused("bad_query")
    return int(text[:9])
