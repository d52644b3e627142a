"""The hash chain over a journal: each block names the hash of all that stands before it.

The hash of a block covers the hash before it and the block's bytes as they are on disk; the first one covers the
file's header. So the hash after the last block (the head) stands for the whole journal: who keeps it elsewhere can
later tell whether a single bit is another, even against somebody who has the key.
"""

from vwindow.recording.suite import Suite


class Chain:
    """Follow a journal from its header, block by block."""

    def __init__(self, suite: Suite, header: bytes) -> None:
        self._suite = suite
        self.head = suite.digest(header)

    def add(self, block: bytes) -> None:
        """Take in the next block, its header included."""
        self.head = self._suite.digest(self.head, block)

    def adopt(self, before: bytes) -> None:
        """Go on after blocks that are gone: `before` is what the next one says of them."""
        self.head = before
