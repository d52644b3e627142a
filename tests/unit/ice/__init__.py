"""Tests of the ice package."""
