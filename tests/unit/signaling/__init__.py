"""Tests of the doors to kiosks and consoles."""
