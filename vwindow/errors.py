"""Errors with a stable code; the sentence for people lives in the i18n files of the pages."""


class VWindowError(Exception):
    """Carry a stable code across a boundary."""

    status = 500

    def __init__(self, code: str, message: str = "", *, retryable: bool = False) -> None:
        super().__init__(message or code)
        self.code = code
        self.retryable = retryable


class Refused(VWindowError):
    """Say that the caller asked for something that is not allowed now."""

    status = 400

    def __init__(self, code: str, message: str = "", *, status: int = 400, retryable: bool = False) -> None:
        super().__init__(code, message, retryable=retryable)
        self.status = status


class Unavailable(VWindowError):
    """Say that a device, peer, worker or disk is not there; worth another try."""

    status = 503

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message, retryable=True)


class Broken(VWindowError):
    """Say that we are wrong; logged with its traceback."""

    status = 500
