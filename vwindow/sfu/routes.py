"""Which m-line a packet belongs to: announced SSRC, else MID, else a payload type used once (RFC 8843 §9.2)."""

from vwindow.rtp.packet import extension
from vwindow.sfu.answer import granted
from vwindow.sfu.sdp import Offer


class Routes:
    """Route what one peer sends, by its offer."""

    def __init__(self, offer: Offer) -> None:
        self._lines = offer.lines
        sending = [index for index, line in enumerate(offer.table) if line.sends]
        self._by_ssrc = {ssrc: index for index in sending for ssrc in offer.lines[index].ssrcs}
        self._by_mid = {offer.lines[index].mid.encode(): index for index in sending}
        types = [offer.lines[index].payload_type for index in sending]
        self._by_type = {
            offer.lines[index].payload_type: index
            for index in sending
            if types.count(offer.lines[index].payload_type) == 1
        }
        # One number for the whole bundle.
        self._mid = next((line.mid_extension for line in offer.lines if line.mid_extension), 0)
        self.granted_video = tuple(
            ssrc
            for ssrc, index in self._by_ssrc.items()
            if offer.lines[index].kind == "video" and granted(offer, index)
        )
        """Announced SSRCs of granted video."""

    def find(self, data: bytes, ssrc: int) -> int | None:
        """Return the index of the m-line, None when it cannot be told or the payload type is another's."""
        payload_type = data[1] & 127
        index = self._by_ssrc.get(ssrc)
        if index is None and self._mid:
            index = self._by_mid.get(extension(data, self._mid) or b"")
        if index is None:
            index = self._by_type.get(payload_type)
        if index is None or self._lines[index].payload_type != payload_type:
            return None
        return index
