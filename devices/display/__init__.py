"""The kiosk's screen."""
