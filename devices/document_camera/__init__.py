"""Document cameras: pages on a tray."""
