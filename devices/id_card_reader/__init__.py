"""Readers of identity and social-security cards."""
