"""RTP packet rules without input or output."""
