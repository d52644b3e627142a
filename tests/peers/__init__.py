"""Peers that nobody here wrote, driven from outside."""
