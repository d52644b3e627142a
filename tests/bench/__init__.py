"""Measurements: real Chromium pages against the whole stack."""
