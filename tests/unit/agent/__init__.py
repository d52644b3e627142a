"""Tests of the kiosk agent."""
