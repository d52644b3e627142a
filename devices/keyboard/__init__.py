"""The kiosk's keyboard."""
