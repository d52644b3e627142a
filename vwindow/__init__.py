"""The server of the virtual-window help desk."""
