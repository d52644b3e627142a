"""Call rules without input or output."""
