"""What all sealed files of a recording share: one data key, one derived key per file and purpose."""

SALT_BYTES = 16
JOURNAL = b"vwindow recording journal 1"
PLAYABLE = b"vwindow recording playable 1"
HEADER_NONCE = b"\xff" * 12
"""Never reached by a counter, so a file header and its blocks never share a nonce."""


def nonce(counter: int) -> bytes:
    """Return the 12-byte nonce of block `counter`."""
    return counter.to_bytes(12, "big")
