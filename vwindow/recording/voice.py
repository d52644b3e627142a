"""An Opus track without gaps: packets laid end to end, silence where there was none."""

from collections.abc import Iterator
from dataclasses import dataclass

from vwindow.recording.opus import duration
from vwindow.recording.template import RATE

SILENCE = b"\xf8\xff\xfe"
"""20 ms of CELT silence (RFC 6716 §3.1, configuration 31, one frame)."""
LONG_SILENCE = b"\xfb\x06" + b"\xff\xfe" * 6
"""120 ms: six such frames of one size in one packet (code 3)."""
_SILENCE_SAMPLES = 960
_LONG_SAMPLES = 6 * _SILENCE_SAMPLES
_SLACK_SAMPLES = 720


@dataclass(frozen=True, slots=True)
class Sound:
    """One Opus packet at `at` samples of 1/48,000 s from the start, `samples` long."""

    at: int
    samples: int
    data: bytes


class VoiceLine:
    """Lay packets end to end.

    Players count samples and do not look at later timestamps, so a gap left open would shift a voice against its
    picture. Clock drift ends up as a packet of silence more or a packet less, once 15 ms have gathered.
    """

    def __init__(self) -> None:
        self.end = 0
        """Samples laid so far."""
        self.dropped = 0

    def put(self, seconds: float, packet: bytes) -> Iterator[Sound]:
        """Lay a packet that was spoken at `seconds`; one that lies wholly in the past is dropped."""
        samples = duration(packet)
        late = self.end - seconds * RATE
        if samples == 0 or late >= _SLACK_SAMPLES:
            self.dropped += 1
            return
        if -late >= _SLACK_SAMPLES:
            yield from self._silence(round(-late / _SILENCE_SAMPLES))
        yield self._lay(packet, samples)

    def fill(self, seconds: float) -> Iterator[Sound]:
        """Lay silence up to `seconds`, to the nearest 20 ms."""
        yield from self._silence(round((seconds * RATE - self.end) / _SILENCE_SAMPLES))

    def _silence(self, count: int) -> Iterator[Sound]:
        while count >= 6:
            yield self._lay(LONG_SILENCE, _LONG_SAMPLES)
            count -= 6
        while count > 0:
            yield self._lay(SILENCE, _SILENCE_SAMPLES)
            count -= 1

    def _lay(self, packet: bytes, samples: int) -> Sound:
        sound = Sound(self.end, samples, packet)
        self.end += samples
        return sound
