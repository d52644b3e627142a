"""The kiosk's computer itself."""
