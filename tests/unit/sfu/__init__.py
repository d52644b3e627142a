"""Tests of the sfu package."""
