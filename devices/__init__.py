"""Drivers of a kiosk's devices."""
