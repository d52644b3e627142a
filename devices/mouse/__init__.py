"""The kiosk's mouse."""
