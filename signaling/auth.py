"""Who may connect: ports to the register of kiosks and to the sessions of staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vwindow.errors import Refused

COOKIE = "vwindow_session"


class KioskGate(Protocol):
    """Check a kiosk's answer to its challenge."""

    async def verify_link(self, kiosk: str, nonce: str, signature: str) -> None:
        """Raise Refused("kiosk_unknown" | "kiosk_revoked" | "bad_signature" | "bad_nonce")."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A staff member with a living session that may serve."""

    staff: str
    token: str


class StaffGate(Protocol):
    """Find the staff member of a session."""

    async def signed_in(self, token: str) -> SignedIn | None: ...


class KioskAuth(BaseModel):
    """What an agent sends when it connects."""

    model_config = ConfigDict(extra="forbid")

    kiosk: str = Field(min_length=1, max_length=64)
    nonce: str = Field(pattern=r"^[0-9a-f]{16,128}$")
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


def kiosk_auth(auth: object) -> KioskAuth:
    """Parse an agent's credentials; raise Refused("bad_credentials")."""
    try:
        return KioskAuth.model_validate(auth)
    except ValidationError as error:
        raise Refused("bad_credentials", status=401) from error


def session_token(environ: Mapping[str, Any]) -> str:
    """Return the session cookie of a handshake; raise Refused("not_signed_in").

    Read as the web API reads it: cookies of others on the same host, however malformed, do not hide ours.
    """
    request = environ.get("aiohttp.request")
    token = str(request.cookies.get(COOKIE, "")) if request is not None else ""
    if not 16 <= len(token) <= 256:
        raise Refused("not_signed_in", status=401)
    return token
