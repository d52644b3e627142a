"""Tests of the call rules."""
