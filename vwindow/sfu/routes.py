"""Which m-line a packet belongs to: announced SSRC, else MID, else a payload type used once (RFC 8843 §9.2)."""

from collections.abc import Iterable

from vwindow.rtp.packet import extension
from vwindow.sfu.answer import sendable
from vwindow.sfu.sdp import Offer


class Routes:
    """Route what one peer sends, by its offer."""

    def __init__(self, offer: Offer) -> None:
        self._lines = offer.lines
        sending = [index for index in range(len(offer.table)) if sendable(offer, index)]
        self._by_ssrc = {ssrc: index for index in sending for ssrc in offer.lines[index].ssrcs}
        self._by_mid = {offer.lines[index].mid.encode(): index for index in sending}
        self._by_type = _unique((number, index) for index in sending for number in offer.lines[index].media_types)
        self._by_repair_type = _unique((offer.lines[index].repair, index) for index in sending)
        self._by_repair = {repair: (index, media) for index in sending for repair, media in offer.lines[index].repairs}
        # One number for the whole bundle.
        self._mid = next((line.mid_extension for line in offer.lines if line.mid_extension), 0)
        self.announced_video = {
            ssrc: index for ssrc, index in self._by_ssrc.items() if offer.lines[index].kind == "video"
        }
        """Announced SSRCs of video, each with its m-line."""

    def find_repair(self, data: bytes, ssrc: int) -> tuple[int, int] | None:
        """Return m-line and media SSRC (0 when not announced) that a repair packet is for, None when it is none."""
        payload_type = data[1] & 127
        index, media = self._by_repair.get(ssrc, (None, 0))
        if index is None and self._mid:
            index = self._by_mid.get(extension(data, self._mid) or b"")
        if index is None:
            index = self._by_repair_type.get(payload_type)
        if index is None or not payload_type or self._lines[index].repair != payload_type:
            return None
        return index, media

    def find(self, data: bytes, ssrc: int) -> int | None:
        """Return the index of the m-line, None when it cannot be told or the payload type is another's."""
        payload_type = data[1] & 127
        index = self._by_ssrc.get(ssrc)
        if index is None and self._mid:
            index = self._by_mid.get(extension(data, self._mid) or b"")
        if index is None:
            index = self._by_type.get(payload_type)
        if index is None or payload_type not in self._lines[index].media_types:
            return None
        return index


def _unique(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return payload type → m-line for types that one m-line alone has."""
    found = list(pairs)
    types = [number for number, _ in found]
    return {number: index for number, index in found if number and types.count(number) == 1}
