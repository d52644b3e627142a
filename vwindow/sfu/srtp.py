"""SRTP by the sessions of pylibsrtp, called directly: their own methods allocate and check anew for each packet.

Uses what is private there; tests/contract/test_aiortc_seam.py pins it.
"""

from collections.abc import Callable
from typing import Any

import pylibsrtp
from pylibsrtp._binding import ffi, lib

SrtpError: type[Exception] = pylibsrtp.Error
Process = Callable[[bytes], bytes]

MAX_TRAILER = 148
"""What protection may add: index, tag and key identifier."""


def receiving(session: Any) -> tuple[Process, Process]:
    """Return what takes the protection off RTP and RTCP; both raise SrtpError, ValueError for what is too long."""
    return _process(session, lib.srtp_unprotect, 0), _process(session, lib.srtp_unprotect_rtcp, 0)


def sending(session: Any) -> tuple[Process, Process]:
    """Return what protects RTP and RTCP; both raise SrtpError, ValueError for what is too long."""
    return _process(session, lib.srtp_protect, MAX_TRAILER), _process(session, lib.srtp_protect_rtcp, MAX_TRAILER)


def _process(session: Any, work: Callable[[Any, Any, Any], int], trailer: int) -> Process:
    inner, memory, view = session._srtp[0], session._cdata, session._buffer
    length = ffi.new("int *")
    limit = len(memory) - trailer

    def process(data: bytes) -> bytes:
        size = len(data)
        if size > limit:
            raise ValueError("packet is too long")
        view[:size] = data
        length[0] = size
        if code := work(inner, memory, length):
            raise SrtpError(pylibsrtp.ERRORS[code])
        found: bytes = view[: length[0]]
        return found

    # `inner` is freed with the session, so the session must live as long as this does.
    process.session = session  # type: ignore[attr-defined]
    return process
