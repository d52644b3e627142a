"""Sound of the kiosk: loudspeaker, microphone, handset."""
