"""ICE-lite rules without input or output."""
