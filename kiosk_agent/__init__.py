"""The process beside the kiosk page."""
