"""Journals and the recordings made of them."""
