"""Fakes with a shape."""
