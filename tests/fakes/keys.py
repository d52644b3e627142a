"""A certificate whose associations need no handshake; "protected" is a packet with four bytes more."""

from collections.abc import Callable

TAG = b"sRTP"


class FakeTransport:
    def __init__(self, send: Callable[[bytes], None], ended: Callable[[], None], fails: bool) -> None:
        self.send = send
        self.ended = ended
        self.fails = fails
        self.dtls: list[bytes] = []
        self.closed = False

    def put(self, data: bytes) -> bool:
        self.dtls.append(data)
        return len(self.dtls) < 3

    async def connect(self) -> None:
        if self.fails:
            raise ConnectionError("DTLS failed")

    def protect(self, data: bytes) -> bytes:
        return data + TAG

    def unprotect(self, data: bytes) -> bytes:
        if not data.endswith(TAG):
            raise ConnectionError("not authentic")
        return data[: -len(TAG)]

    protect_rtcp = protect
    unprotect_rtcp = unprotect

    async def close(self) -> None:
        self.closed = True


class FakeCertificate:
    fingerprint = "sha-256 AB"

    def __init__(self) -> None:
        self.made: list[FakeTransport] = []
        self.fails = False

    def associate(
        self, fingerprints: object, send: Callable[[bytes], None], ended: Callable[[], None]
    ) -> FakeTransport:
        self.made.append(FakeTransport(send, ended, self.fails))
        return self.made[-1]
