"""Calls with peers that nobody here wrote."""
