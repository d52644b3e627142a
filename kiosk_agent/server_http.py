"""HTTP towards the server: pinned, bounded, with the server's own error codes."""

import json
import re
import ssl
from typing import Any

import aiohttp
from yarl import URL

PLAIN = "plain"
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
MAX_BODY = 4 * 1024 * 1024
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


class ServerError(Exception):
    """Say that the server answered no: its code, and whether another try may help."""

    def __init__(self, code: str, status: int, *, retryable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retryable = retryable


class PinError(ValueError):
    """Say that a pin does not fit the server's address or is none."""


def check_pin(server: str, pin: str) -> str:
    """Return the pin in lower case; raises PinError.

    A fingerprint with an http address would let anybody pretend to be the server.
    """
    url = URL(server)
    if url.scheme not in ("http", "https") or not url.host:
        raise PinError(f'"{server}" is not the address of a server')
    pin = pin.strip().lower().replace(":", "")
    if pin == PLAIN:
        return pin
    if not re.fullmatch(r"[0-9a-f]{64}", pin):
        raise PinError('the part of the code after "." is neither a certificate fingerprint nor "plain"')
    if url.scheme != "https":
        raise PinError("this code belongs to a server with a certificate: its address begins with https://")
    return pin


def open_session(pin: str) -> aiohttp.ClientSession:
    """Make a session that talks only to the server whose certificate was pinned at enrolment."""
    checked: aiohttp.Fingerprint | bool = True if pin == PLAIN else aiohttp.Fingerprint(bytes.fromhex(pin))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=checked, limit=8),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=TIMEOUT,
        auto_decompress=True,
    )


CERTIFICATE_ERRORS = (aiohttp.ServerFingerprintMismatch, aiohttp.ClientConnectorCertificateError, ssl.SSLError)
UNREACHABLE_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)


async def post_json(session: aiohttp.ClientSession, url: str, body: dict[str, str]) -> dict[str, Any]:
    """Post and return the object answered; raises ServerError or what aiohttp raises."""
    async with session.post(url, json=body, allow_redirects=False) as response:
        content = await read_bounded(response, 64 * 1024)
        if response.status != 200:
            raise error_of(response.status, content)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ServerError("bad_answer", response.status, retryable=True)
        return answer


async def read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body; raises ServerError when it is longer than `limit` bytes."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > limit:
            raise ServerError("bad_answer", response.status, retryable=True)
    return bytes(content)


def error_of(status: int, content: bytes) -> ServerError:
    """Read `{"error": {"code", "retryable"}}`; anything else is "bad_answer"."""
    try:
        error = json.loads(content)["error"]
        code, retryable = str(error["code"]), bool(error.get("retryable", False))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServerError("bad_answer", status, retryable=True)
    return ServerError(code if CODE.fullmatch(code) else "bad_answer", status, retryable=retryable)
