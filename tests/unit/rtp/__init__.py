"""Tests of the rtp package."""
